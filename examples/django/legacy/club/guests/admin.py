from django.contrib import admin

from club.guests.models import Guest


@admin.register(Guest)
class GuestAdmin(admin.ModelAdmin):
    list_display = ["name", "signed"]
