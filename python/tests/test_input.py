import io
import random
import unittest

from gowsgi_worker.input import Input


class Source:
    """Stands in for an exchange: it hands out a body in pieces of all sizes."""

    def __init__(self, body, chance):
        self.body = body
        self.chance = chance

    def ask(self, wanted, most):
        size = min(most, len(self.body), self.chance.randint(1, 9))
        piece, self.body = self.body[:size], self.body[size:]
        return piece, bool(self.body) or self.chance.random() < 0.5


class Reads(unittest.TestCase):
    def test_as_a_file(self):
        """Whatever is called in whatever order, it reads as io.BytesIO does."""
        for seed in range(2000):
            chance = random.Random(seed)
            body = bytes(chance.choice(b"ab\n") for _ in range(chance.randint(0, 60)))
            ahead = chance.randint(0, len(body))
            want = io.BytesIO(body)
            got = Input(Source(body[ahead:], chance), body[:ahead], ahead < len(body))
            for _ in range(12):
                name = chance.choice(["read", "readline", "readlines"])
                size = chance.choice([(), (None,), (-1,), (0,), (1,), (7,), (100,)])
                if name == "read" and chance.random() < 0.8:
                    size = (chance.randint(0, 5),)
                with self.subTest(seed=seed, name=name, size=size):
                    self.assertEqual(getattr(got, name)(*size), getattr(want, name)(*size))


if __name__ == "__main__":
    unittest.main()
