"""gowsgi serves WSGI applications: this package carries its binary."""
