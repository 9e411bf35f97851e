"""The Django application of ./applications, without middleware."""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse, HttpResponse
from django.template import engines
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="of a benchmark", MIDDLEWARE=[],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
django.setup()

PAGE = engines["django"].from_string("""<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1><table>
{% for item in items %}<tr><td>{{ item.name }}</td><td>{{ item.price|floatformat:2 }}</td></tr>
{% endfor %}</table>""")
ITEMS = [{"name": f"item <{i}>", "price": i * 1.5} for i in range(20)]


def hello(_request):
    return JsonResponse({"hello": "world"})


def page(_request):
    return HttpResponse(PAGE.render({"title": "A page & its items", "items": ITEMS}))


urlpatterns = [path("hello", hello), path("page", page)]
application = get_wsgi_application()
