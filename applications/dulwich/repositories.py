"""Dulwich's git server for the repositories in the folder that GIT_REPOSITORIES names."""

import os
from pathlib import Path

from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

folder = Path(os.environ["GIT_REPOSITORIES"])
application = make_wsgi_chain(DictBackend({f"/{path.name}": Repo(str(path)) for path in folder.iterdir()}))
