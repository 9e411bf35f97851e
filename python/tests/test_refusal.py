import unittest

from gowsgi_worker import refusal


class Head(unittest.TestCase):
    def test_accepted(self):
        for status, headers, want in [
            ("200 OK", [], "200 OK"),
            ("200", [("A", "")], "200\0A\0"),
            (
                "101 Switching Protocols",
                [("Upgrade", "x")],
                "101 Switching Protocols\0Upgrade\0x",
            ),
            ("999 \xff", [("A", "\t\x80")], "999 \xff\0A\0\t\x80"),
            ("200 OK", [("Content-Length", "5"), ("content-length", "5")], None),
            ("204 None", [("Content-Length", "0")], None),
            ("200 OK", [("Connection", " Close")], None),
            ("426 Upgrade", [("Upgrade", "x")], None),
        ]:
            with self.subTest(status=status, headers=headers):
                text = refusal.head(status, headers)
                if want is not None:
                    self.assertEqual(text, want)

    def test_refused(self):
        for status, headers in [
            ("200 OK\r\nX: y", []),
            ("1 OK", []),
            ("199 Early", []),
            ("200 OK", [("A:", "b")]),
            ("200 OK", [("A", "b\nc")]),
            ("200 OK", [("A", "b\0C\0d")]),
            ("200 OK", [("Content-Length", "+1")]),
            ("200 OK", [("Content-Length", "\u0661")]),
            ("304 Not Modified", [("Content-Length", "2")]),
            ("200 OK", [("TE", "x")]),
            ("200 OK", [("Connection", "x")]),
        ]:
            with self.subTest(status=status, headers=headers), self.assertRaises(ValueError):
                refusal.head(status, headers)


if __name__ == "__main__":
    unittest.main()
