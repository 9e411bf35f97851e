"""The site of frameworks_test.go, in Pyramid, whose requests and responses are WebOb's."""

import hashlib
import os

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import FileResponse, Response


def index(request):
    response = Response(f'<a href="{request.route_path("hello", name="a b")}">hello</a>')
    response.set_cookie("seen", "yes", path="/")
    return response


def names(request):
    return HTTPFound(request.route_url("hello", name=request.POST["name"]))


def hello(request):
    return Response(f"Hello, {request.matchdict['name']}! {request.cookies.get('seen')}")


def upload(request):
    file = request.POST["file"]
    content = file.file.read()
    return Response(f"{file.filename} {len(content)} {hashlib.sha256(content).hexdigest()}")


def file(request):
    path = os.path.join(os.environ["FRAMEWORK_DATA"], "file")
    return FileResponse(path, request=request, content_type="application/octet-stream")


def lines(request):
    return Response(app_iter=(b"line %d\n" % number for number in range(3)))


def broken(request):
    raise LookupError("nobody has mended this page")


with Configurator() as config:
    for view, path in (
        (index, "/"),
        (names, "/names"),
        (hello, "/hello/{name}"),
        (upload, "/upload"),
        (file, "/file"),
        (lines, "/lines"),
        (broken, "/broken"),
    ):
        config.add_route(view.__name__, path)
        config.add_view(view, route_name=view.__name__)
    application = config.make_wsgi_app()
