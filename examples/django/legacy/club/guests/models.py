from django.db import models
from django.urls import reverse


class Guest(models.Model):
    name = models.CharField(max_length=80)
    message = models.TextField(blank=True)
    signed = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("guest", args=[self.pk])
