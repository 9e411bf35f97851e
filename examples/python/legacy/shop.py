"""A shop in Flask, as it was before Go came.

SHOP_SECRET signs the session cookies. SHOP_DATA is the folder where the orders
are kept: the workers are several processes and have no memory in common.
"""

import hashlib
import json
import os
import time
from pathlib import Path

from flask import Flask, Response, redirect, render_template, request, session, url_for

app = Flask(__name__)
app.secret_key = os.environ["SHOP_SECRET"]
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
app.json.ensure_ascii = False
app.logger.setLevel("INFO")

GOODS = json.loads(Path(__file__).with_name("goods.json").read_text("utf-8"))
ORDERS = Path(os.environ["SHOP_DATA"], "orders.txt")
ORDERS.touch()


@app.get("/")
def index():
    return render_template("index.html", goods=GOODS)


@app.post("/login")
def login():
    name = request.form.get("name", "").strip()
    if not name:
        return "Who are you?\n", 400
    session["name"] = name
    return redirect(url_for("index"), 303)


@app.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("index"), 303)


@app.get("/price/<sku>")
def price(sku):
    """Go answers this by now."""
    for product in GOODS:
        if product["sku"] == sku:
            return product
    return {"error": "no such product"}, 404


@app.post("/order/<sku>")
def order(sku):
    if "name" not in session:
        return "Sign in first.\n", 403
    if not any(product["sku"] == sku for product in GOODS):
        return "No such product.\n", 404
    with ORDERS.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"sku": sku, "name": session["name"]}) + "\n")
    return redirect(url_for("index"), 303)


@app.get("/orders")
def orders():
    """Send each order as an event, until there were as many as asked for."""
    wanted = request.args.get("count", default=10, type=int)

    def events():
        sent = 0
        try:
            with ORDERS.open(encoding="utf-8") as file:
                while sent < wanted:
                    if line := file.readline():
                        sent += 1
                        yield f"data: {line}\n"
                    else:
                        yield ": waiting\n\n"
                        time.sleep(0.1)
        finally:
            app.logger.info("sent %d orders of %d", sent, wanted)

    return Response(events(), mimetype="text/event-stream")


@app.post("/photo")
def photo():
    upload = request.files.get("photo")
    if upload is None:
        return "This takes a form with a photo.\n", 400
    digest, size = hashlib.sha256(), 0
    while block := upload.stream.read(64 * 1024):
        digest.update(block)
        size += len(block)
    return f"{upload.filename}: {size} bytes, SHA-256 {digest.hexdigest()}\n"


@app.get("/broken")
def broken():
    raise LookupError("nobody has mended this page")
