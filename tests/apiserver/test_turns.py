"""Long answers take turns: a few in each turn of the event loop, in the order in which they came."""

import asyncio

from petset.apiserver.turns import Turns


async def rounds(turns: Turns, count: int, gone: frozenset[int] = frozenset()) -> list[list[int]]:
    """Who had a turn together with whom, of so many who ask at once; some give up while they wait."""
    found: list[list[int]] = []

    async def ask(number: int) -> None:
        await turns.take()
        found[-1].append(number)

    tasks = [asyncio.create_task(ask(number)) for number in range(count)]  # noqa: TID251 - none outlives the test
    for _ in range(count + 3):
        found.append([])
        await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
        for number in gone:
            tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return [each for each in found if each]


def test_a_few_have_each_turn_in_the_order_in_which_they_came() -> None:
    assert asyncio.run(rounds(Turns(3), 8)) == [[0, 1, 2], [3, 4, 5], [6, 7]]


def test_who_gave_up_takes_nobodys_turn() -> None:
    assert asyncio.run(rounds(Turns(2), 6, frozenset({2, 3}))) == [[0, 1], [4, 5]]


def test_nobody_waits_again_after_a_silence() -> None:
    async def story() -> None:
        turns = Turns(1)
        for _ in range(3):
            assert await rounds(turns, 2) == [[0], [1]]

    asyncio.run(story())
