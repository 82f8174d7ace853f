"""What a layer that doesn't act on a verb costs there: nothing, beside what the verb itself costs.

Run it: ``python benchmarks/link_cost.py``. It compares, in one run, a verb that ends in the next object, the same
verb behind ten layers that act on *other* verbs, and ten layers that delegate by hand (what linking replaces).
"""

import timeit

from glancepipe.contract import SERVICE, Call, ImageProxy, ImageRepoProxy, Layer
from glancepipe.testing import Ends, linked

LIMIT_NS = 50
ROUNDS, NUMBER = 15, 200_000


class Elsewhere(ImageProxy):
    def deactivate(self, call, image):
        return self.inner.deactivate(call, image)


class End(ImageRepoProxy):
    def get(self, call, image_id):
        return image_id


class Short(Ends):
    repo = type("ShortRepo", (Ends.repo,), {"get": End.get})


def silent(number: int) -> type[Layer]:
    return type(f"Silent{number}", (Layer,), {"name": f"silent{number}", "image": Elsewhere})


def cost(get) -> float:
    """Nanoseconds a call, best of several rounds."""
    call = Call("show_image", SERVICE)
    return min(timeit.repeat(lambda: get(call, "x"), number=NUMBER, repeat=ROUNDS)) / NUMBER * 1e9


def main() -> int:
    import glancepipe.testing.pipelines as kit

    kit.Ends = Short
    direct = cost(linked().nouns.repo.get)
    behind = cost(linked(*map(silent, range(10))).nouns.repo.get)
    hand: ImageRepoProxy = linked().nouns.repo
    for _ in range(10):
        hand = ImageRepoProxy(None, hand)
    by_hand = cost(hand.get)
    print(
        f"direct {direct:.0f} ns; behind ten silent layers {behind:.0f} ns (+{behind - direct:.0f}); ten delegating frames {by_hand:.0f} ns"
    )
    print(f"a silent layer adds {(behind - direct) / 10:.1f} ns; the limit is {LIMIT_NS} ns for all of them")
    return 0 if behind - direct < LIMIT_NS else 1


if __name__ == "__main__":
    raise SystemExit(main())
