"""Mercurial's hgweb for the repositories in the folder that HG_REPOSITORIES names."""

import os

from mercurial.hgweb import hgweb

folder = os.environb[b"HG_REPOSITORIES"]
application = hgweb([(b"/", os.path.join(folder, b"*"))])
