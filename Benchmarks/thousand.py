"""`kade` with a thousand containers that run, on one bridge network."""
import concurrent.futures

import lives
from engines import IMAGE, SIDE_BY_SIDE

COUNT, MEASURED = 1000, 20


def name(number):
    return f"thousand{number}"


def start(engine, number):
    """Starts one that stays. Returns the seconds that the command took."""
    return lives.Timed(engine.timed(
        "run", "-d", "--name", name(number), IMAGE, "/bin/sleep", "100000")).wall


def beside_a_thousand(comparison, engine):
    """The first starts beside those of a machine that is full, and `ps` there."""
    try:
        first = [start(engine, number) for number in range(MEASURED)]
        with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(lambda number: start(engine, number), range(MEASURED, COUNT - MEASURED)))
        last = [start(engine, number) for number in range(COUNT - MEASURED, COUNT)]
        yield comparison.seconds(
            f"run -d beside {COUNT} containers", {"kade": last, "kade's first": first},
            {"kade's first": 1.5})
        listings = [lives.Timed(engine.timed("ps")).wall for _ in range(MEASURED)]
        milliseconds = comparison.median(listings) * 1000
        print(f"  ps of {COUNT}: {milliseconds:.1f} ms, "
              f"{comparison.verdict(milliseconds, 100)} 100 ms", flush=True)
    finally:
        engine.call("rm", "-f", *map(name, range(COUNT)), check=False)
