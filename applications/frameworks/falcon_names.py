"""The site of frameworks_test.go, in Falcon."""

import hashlib
import os

import falcon


class Index:
    def on_get(self, request, response):
        response.set_cookie("seen", "yes", path="/", secure=False)
        response.content_type = falcon.MEDIA_HTML
        response.text = f'<a href="{request.root_path}/hello/a%20b">hello</a>'


class Names:
    def on_post(self, request, response):
        raise falcon.HTTPFound(request.root_path + "/hello/" + falcon.uri.encode_value(request.get_media()["name"]))


class Hello:
    def on_get(self, request, response, name):
        response.content_type = falcon.MEDIA_TEXT
        response.text = f"Hello, {name}! {request.cookies.get('seen')}"


class Upload:
    def on_post(self, request, response):
        for part in request.get_media():
            digest, size = hashlib.sha256(), 0
            while block := part.stream.read(64 << 10):
                digest.update(block)
                size += len(block)
            response.text = f"{part.filename} {size} {digest.hexdigest()}"


class File:
    def on_get(self, request, response):
        path = os.path.join(os.environ["FRAMEWORK_DATA"], "file")
        response.content_type = "application/octet-stream"
        response.set_stream(open(path, "rb"), os.path.getsize(path))


class Lines:
    def on_get(self, request, response):
        response.stream = (b"line %d\n" % number for number in range(3))


class Broken:
    def on_get(self, request, response):
        raise LookupError("nobody has mended this page")


application = falcon.App()
application.add_route("/", Index())
application.add_route("/names", Names())
application.add_route("/hello/{name}", Hello())
application.add_route("/upload", Upload())
application.add_route("/file", File())
application.add_route("/lines", Lines())
application.add_route("/broken", Broken())
