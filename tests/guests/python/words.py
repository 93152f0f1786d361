"""How often each word is in a text."""

import collections
import json
import re

import wit_world


class WitWorld(wit_world.WitWorld):
    def count(self, text: str) -> list[tuple[str, int]]:
        words = collections.Counter(re.findall(r"\w+", text.lower()))
        # There and back, so that more of the library is used.
        return [tuple(pair) for pair in json.loads(json.dumps(sorted(words.items())))]
