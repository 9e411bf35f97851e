"""A chat: each listener has an event stream, and what anybody says is sent to all of them."""

import resource

from flask import Flask, Response, request
from gevent.queue import Queue

# A worker with many streams has as many connections, each with a descriptor.
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

app = Flask(__name__)
listeners = {}


@app.get("/listen/<name>")
def listen(name):
    def events():
        queue = listeners[name] = Queue()
        try:
            yield f"data: welcome {name}\n\n"
            while (said := queue.get()) is not None:
                yield f"data: {said} to {name}\n\n"
        finally:
            del listeners[name]

    return Response(events(), mimetype="text/event-stream")


@app.post("/say")
def say():
    for queue in listeners.values():
        queue.put(request.form["text"])
    return str(len(listeners))


@app.post("/tell/<name>")
def tell(name):
    listeners[name].put(request.form["text"])
    return "told"


@app.post("/end")
def end():
    for queue in listeners.values():
        queue.put(None)
    return str(len(listeners))


@app.get("/listeners")
def count():
    return str(len(listeners))
