"""The Flask application of ./applications: one route for each work."""

import itertools

from flask import Flask, Response, jsonify, request

CHUNK = b"x" * 1024
BLOCK = b"x" * (64 << 10)
LARGE = 100 << 20

app = Flask(__name__)
application = app

PAGE = """<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1><table>
{% for item in items %}<tr><td>{{ item.name }}</td><td>{{ "%.2f"|format(item.price) }}</td></tr>
{% endfor %}</table>"""
TEMPLATE = app.jinja_env.from_string(PAGE)
ITEMS = [{"name": f"item <{i}>", "price": i * 1.5} for i in range(20)]


@app.get("/hello")
def hello():
    return jsonify(hello="world")


@app.get("/page")
def page():
    return TEMPLATE.render(title="A page & its items", items=ITEMS)


@app.get("/down64k")
def down():
    return Response(BLOCK, mimetype="application/octet-stream")


@app.get("/down100m")
def down_large():
    return Response(itertools.repeat(BLOCK, LARGE // len(BLOCK)), mimetype="application/octet-stream")


@app.post("/up")
def up():
    size = 0
    while data := request.stream.read(64 << 10):
        size += len(data)
    return Response(str(size), mimetype="text/plain")


@app.get("/stream")
def stream():
    return Response(itertools.repeat(CHUNK, 64), mimetype="text/plain")


@app.get("/idle")
def idle():
    """An event stream that says one thing and then waits. Needs gevent."""

    def events():
        import gevent

        yield b"data: ready\n\n"
        gevent.sleep(3600)

    return Response(events(), mimetype="text/event-stream")
