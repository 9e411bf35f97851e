from django import forms
from django.shortcuts import get_object_or_404, redirect, render

from club.guests.models import Guest


class Entry(forms.ModelForm):
    class Meta:
        model = Guest
        fields = ["name", "message"]


def book(request):
    """Show the guest book, and add to it what is posted."""
    entry = Entry(request.POST or None)
    if request.method == "POST" and entry.is_valid():
        return redirect(entry.save())
    return render(request, "guests/book.html", {"guests": Guest.objects.all(), "entry": entry})


def guest(request, number):
    return render(request, "guests/guest.html", {"guest": get_object_or_404(Guest, pk=number)})


def broken(request):
    raise LookupError("nobody has mended this page")
