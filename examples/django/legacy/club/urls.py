from django.contrib import admin
from django.urls import path

from club.guests import views

urlpatterns = [
    path("", views.book, name="book"),
    path("guests/<int:number>/", views.guest, name="guest"),
    path("broken/", views.broken, name="broken"),
    path("admin/", admin.site.urls),
]
