"""A gallery of pictures.

GALLERY_SECRET signs the session cookies, and GALLERY_DATA is the folder of the pictures.
"""

import hashlib
import os
from pathlib import Path

from flask import (
    Flask,
    Response,
    abort,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    session,
    stream_with_context,
    url_for,
)
from werkzeug.utils import secure_filename

app = Flask(__name__)
app.secret_key = os.environ["GALLERY_SECRET"]
app.config["MAX_CONTENT_LENGTH"] = 200 << 20

DATA = Path(os.environ["GALLERY_DATA"])


class TooShyError(Exception):
    pass


@app.get("/")
def index():
    return render_template("index.html", pictures=sorted(path.name for path in DATA.iterdir()))


@app.post("/login")
def login():
    if not request.form["name"].strip():
        raise TooShyError
    session["name"] = request.form["name"]
    flash(f"Welcome, {session['name']}!")
    return redirect(url_for("index"))


@app.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("index", _external=True))


@app.post("/pictures")
def upload():
    if "name" not in session:
        abort(403)
    picture = request.files["picture"]
    name = secure_filename(picture.filename)
    picture.save(DATA / name)
    digest = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
    return jsonify(name=picture.filename, sha256=digest, url=url_for("picture", name=name)), 201


@app.get("/pictures/<name>")
def picture(name):
    return send_file(DATA / name, mimetype="application/octet-stream")


@app.post("/digest")
def digest():
    """Read a body as it comes, whatever its length."""
    found, size = hashlib.sha256(), 0
    while block := request.stream.read(64 << 10):
        found.update(block)
        size += len(block)
    return f"{size} {found.hexdigest()}"


@app.get("/count")
def count():
    def lines():
        for number in range(int(request.args["to"])):
            yield f"{session.get('name', 'nobody')} {number}\n"

    return Response(stream_with_context(lines()), mimetype="text/plain")


@app.get("/where")
def where():
    return jsonify(
        path=url_for("picture", name="küche.jpg", size="large"),
        external=url_for("picture", name="a b", _external=True),
        static=url_for("static", filename="gallery.css"),
        root=request.script_root,
        here=request.path,
        url=request.url,
    )


@app.get("/broken")
def broken():
    return {}["nothing"]


@app.get("/half")
def half():
    def parts():
        yield "half of it"
        raise ValueError("there is no other half")

    return Response(parts(), mimetype="text/plain")


@app.errorhandler(404)
def not_found(error):
    return render_template("error.html", text="There is no such picture."), 404


@app.errorhandler(500)
def failed(error):
    return render_template("error.html", text=f"It failed: {type(error.original_exception).__name__}."), 500


@app.errorhandler(TooShyError)
def too_shy(error):
    return render_template("error.html", text="Who are you?"), 400
