"""A ledger in SQLite, by SQLAlchemy's mapper and its pool of connections, used from many threads."""

import os

from flask import Flask, jsonify, request
from sqlalchemy import create_engine, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import QueuePool


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"

    name: Mapped[str] = mapped_column(primary_key=True)
    cents: Mapped[int]


engine = create_engine(
    "sqlite:///" + os.environ["LEDGER"], poolclass=QueuePool, pool_size=2, max_overflow=1, connect_args={"timeout": 60}
)
app = Flask(__name__)


@app.post("/accounts")
def create():
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        for name in request.form.getlist("name"):
            session.merge(Account(name=name, cents=1000))
    return "created"


@app.post("/transfers")
def transfer():
    amount = int(request.form["cents"])
    with Session(engine) as session, session.begin():
        for name, change in ((request.form["source"], -amount), (request.form["target"], amount)):
            session.execute(update(Account).where(Account.name == name).values(cents=Account.cents + change))
        source = session.get_one(Account, request.form["source"])
        if source.cents < 0:
            session.rollback()
            return "Not enough.\n", 409
    return "transferred"


@app.get("/total")
def total():
    with Session(engine) as session:
        cents = session.scalar(select(func.sum(Account.cents)))
        return jsonify(cents=cents, accounts=session.scalar(select(func.count(Account.name))))
