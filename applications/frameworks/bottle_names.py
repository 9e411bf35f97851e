"""The site of frameworks_test.go, in Bottle."""

import hashlib
import os
from urllib.parse import quote

from bottle import Bottle, redirect, request, response, static_file

application = Bottle()


@application.get("/", name="index")
def index():
    response.set_cookie("seen", "yes", path="/")
    return f'<a href="{application.get_url("hello", name=quote("a b"))}">hello</a>'


@application.post("/names")
def names():
    redirect(application.get_url("hello", name=quote(request.forms.name)))


@application.get("/hello/<name>", name="hello")
def hello(name):
    return f"Hello, {name}! {request.get_cookie('seen')}"


@application.post("/upload")
def upload():
    file = request.files["file"]
    content = file.file.read()
    return f"{file.raw_filename} {len(content)} {hashlib.sha256(content).hexdigest()}"


@application.get("/file")
def file():
    return static_file("file", root=os.environ["FRAMEWORK_DATA"], mimetype="application/octet-stream")


@application.get("/lines")
def lines():
    for number in range(3):
        yield f"line {number}\n"


@application.get("/broken")
def broken():
    raise LookupError("nobody has mended this page")
