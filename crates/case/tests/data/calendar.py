"""Writes calendar.csv: when promises run out, found by looking at every second with Python's zoneinfo.

    python3 crates/case/tests/data/calendar.py > crates/case/tests/data/calendar.csv

A second counts when the wall clock of the zone then shows one of the hours of its date. A promise of N seconds is due at the end of
the N-th second that counts; one of N working days when the hours of the N-th date with hours after that of the start end. A pause
keeps its seconds from counting.
"""
import datetime as dt
import random
from zoneinfo import ZoneInfo

UTC = dt.timezone.utc
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# name: zone, hours by weekday, dates with hours of their own.
CALENDARS = {
    "berlin": ("Europe/Berlin", {d: "08:00-12:00, 13:00-17:00" for d in DAYS[:5]},
               {"2026-12-24": "08:00-12:00", "2026-12-25": "closed", "2026-12-31": "08:00-12:00", "2027-01-01": "closed",
                "2026-04-03": "closed", "2026-04-06": "closed", "2028-02-29": "09:00-10:00"}),
    "berlin-always": ("Europe/Berlin", {d: "00:00-24:00" for d in DAYS}, {}),
    "berlin-night": ("Europe/Berlin", {d: "22:00-06:00" for d in DAYS}, {"2026-12-25": "closed"}),
    "berlin-small-hours": ("Europe/Berlin", {d: "02:30-04:00" for d in DAYS}, {}),
    "shanghai": ("Asia/Shanghai", {d: "09:00-18:00" for d in DAYS[:5]},
                 {f"2026-10-0{n}": "closed" for n in range(1, 8)} | {"2026-10-10": "09:00-18:00"}),
    "new-york": ("America/New_York", {**{d: "09:00-17:30" for d in DAYS[:5]}, "sat": "10:00-14:00"}, {"2026-11-26": "closed"}),
    "new-york-always": ("America/New_York", {d: "00:00-24:00" for d in DAYS}, {}),
    "kolkata": ("Asia/Kolkata", {d: "09:30-18:00" for d in DAYS[:6]}, {"2026-01-26": "closed"}),
    "lord-howe": ("Australia/Lord_Howe", {d: "01:00-05:00" for d in DAYS}, {}),
    "casablanca": ("Africa/Casablanca", {d: "01:00-09:00" for d in DAYS}, {}),
}
# calendar, start, what, pauses.
BY_HAND = [
    ("berlin", "2026-11-26T09:15:00Z", "4h", []),
    ("berlin", "2026-11-26T15:59:30Z", "1h", []),
    ("berlin", "2026-11-27T16:00:00Z", "1s", []),
    ("berlin", "2026-11-27T15:00:00Z", "1h", []),
    ("berlin", "2026-11-28T12:00:00Z", "8h", []),
    ("berlin", "2026-03-27T15:00:00Z", "4h", []),
    ("berlin", "2026-10-23T14:00:00Z", "4h", []),
    ("berlin", "2026-12-24T10:30:00Z", "1h", []),
    ("berlin", "2026-12-23T23:30:00Z", "5h", []),
    ("berlin", "2026-12-31T10:59:59Z", "4h", []),
    ("berlin", "2026-04-02T14:00:00Z", "3h", []),
    ("berlin", "2028-02-28T15:00:00Z", "2h", []),
    ("berlin", "2028-02-29T08:30:00Z", "1h", []),
    ("berlin", "2026-11-26T09:15:00Z", "2 working days", []),
    ("berlin", "2026-11-27T22:30:00Z", "1 working days", []),
    ("berlin", "2026-11-27T23:30:00Z", "1 working days", []),
    ("berlin", "2026-12-23T09:00:00Z", "2 working days", []),
    ("berlin", "2026-12-30T09:00:00Z", "2 working days", []),
    ("berlin", "2026-03-27T09:00:00Z", "3 working days", []),
    ("berlin-always", "2026-03-28T23:00:00Z", "4h", []),
    ("berlin-always", "2026-10-24T22:00:00Z", "4h", []),
    ("berlin-always", "2026-03-28T12:00:00Z", "24h", [("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z")]),
    ("berlin-always", "2026-10-24T12:00:00Z", "24h", [("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")]),
    ("berlin-always", "2026-10-24T12:00:00Z", "1 working days", []),
    ("berlin-small-hours", "2026-03-28T12:00:00Z", "90min", []),
    ("berlin-small-hours", "2026-10-24T12:00:00Z", "90min", []),
    ("berlin-small-hours", "2026-10-24T12:00:00Z", "2h", []),
    ("berlin-small-hours", "2026-10-24T12:00:00Z", "3h", []),
    ("berlin-night", "2026-03-28T20:00:00Z", "8h", []),
    ("berlin-night", "2026-10-24T19:00:00Z", "8h", []),
    ("berlin-night", "2026-12-24T20:00:00Z", "4h", []),
    ("shanghai", "2026-09-30T09:30:00Z", "1h", []),
    ("shanghai", "2026-10-08T10:00:00Z", "18h", []),
    ("shanghai", "2026-03-29T00:00:00Z", "4h", []),
    ("shanghai", "2026-09-30T02:00:00Z", "2 working days", []),
    ("new-york", "2026-03-07T18:00:00Z", "4h", []),
    ("new-york", "2026-10-31T17:00:00Z", "4h", []),
    ("new-york", "2026-11-25T22:00:00Z", "1h", []),
    ("new-york-always", "2026-03-08T05:00:00Z", "4h", []),
    ("new-york-always", "2026-11-01T04:00:00Z", "4h", []),
    ("kolkata", "2026-01-24T12:00:00Z", "1h", []),
    ("kolkata", "2026-01-24T12:29:59Z", "2s", []),
    ("lord-howe", "2026-04-04T12:00:00Z", "4h", []),
    ("lord-howe", "2026-10-03T12:00:00Z", "4h", []),
    ("casablanca", "2026-02-14T12:00:00Z", "8h", []),
    ("casablanca", "2026-03-21T12:00:00Z", "8h", []),
    # Pauses: inside the hours, outside of them, across their edge, two that overlap, one that begins when all is over.
    ("berlin", "2026-11-26T09:00:00Z", "4h", [("2026-11-26T09:30:00Z", "2026-11-26T10:00:00Z")]),
    ("berlin", "2026-11-26T15:00:00Z", "4h", [("2026-11-26T18:00:00Z", "2026-11-27T06:00:00Z")]),
    ("berlin", "2026-11-26T15:00:00Z", "4h", [("2026-11-26T15:30:00Z", "2026-11-27T07:45:00Z")]),
    ("berlin", "2026-11-26T09:00:00Z", "4h", [("2026-11-26T09:30:00Z", "2026-11-26T10:30:00Z"),
                                               ("2026-11-26T10:00:00Z", "2026-11-26T10:45:00Z")]),
    ("berlin", "2026-11-26T09:00:00Z", "1h", [("2026-11-26T10:00:00Z", "2026-11-26T15:00:00Z")]),
    ("berlin", "2026-11-26T09:00:00Z", "1h", [("2026-11-26T08:00:00Z", "2026-11-26T09:30:00Z")]),
    ("berlin", "2026-11-26T09:00:00Z", "2 working days", [("2026-11-26T15:30:00Z", "2026-11-27T09:00:00Z")]),
    ("berlin", "2026-03-27T09:00:00Z", "16h", [("2026-03-28T20:00:00Z", "2026-03-30T08:30:00Z")]),
]


def hours(text):
    if text == "closed":
        return []
    second = lambda t: sum(int(p) * s for p, s in zip(t.split(":"), (3600, 60, 1)))
    return [tuple(second(t) for t in part.strip().split("-")) for part in text.split(",")]


class Wall:
    """The hours of a calendar, date by date."""

    def __init__(self, name):
        zone, week, self.dates = CALENDARS[name]
        self.zone, self.week, self.known = ZoneInfo(zone), {d: hours(t) for d, t in week.items()}, {}

    def on(self, date):
        if date not in self.known:
            if date.isoformat() in self.dates:
                self.known[date] = hours(self.dates[date.isoformat()])
            else:
                today, before = (self.week.get(DAYS[d.weekday()], []) for d in (date, date - dt.timedelta(1)))
                over = [(0, b) for a, b in before if b < a]
                self.known[date] = over + [(a, b if a < b else 86400) for a, b in today]
        return self.known[date]

    def counts(self, at):
        local = dt.datetime.fromtimestamp(at, self.zone)
        second = local.hour * 3600 + local.minute * 60 + local.second
        return any(a <= second < b for a, b in self.on(local.date())), local.date()


def due(name, start, what, pauses):
    wall, at = Wall(name), start
    paused = lambda t: any(a <= t < b for a, b in pauses)
    if what.endswith("working days"):
        days, today, need, close = int(what.split()[0]), wall.counts(start)[1], 0, None
        total = 0
        while True:
            open_, date = wall.counts(at)
            if open_:
                if date > today:
                    if days == 0:
                        break
                    today, days = date, days - 1
                total += 1
                need, close = total, at + 1
            at += 1
        at = start
    else:
        unit = {"h": 3600, "min": 60, "s": 1}
        number = "".join(c for c in what if c.isdigit())
        need = int(number) * unit[what[len(number):]]
    while need > 0:
        if wall.counts(at)[0] and not paused(at):
            need -= 1
        at += 1
    return at


def by_chance(count):
    dice = random.Random(20261126)
    for _ in range(count):
        name = dice.choice(sorted(CALENDARS))
        # Around the changes of the clock and the ends of years.
        day = dice.choice(["2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31", "2026-12-23", "2028-02-27"])
        start = stamp(day + "T00:00:00Z") + dice.randrange(3 * 86400)
        pauses = []
        for _ in range(dice.randrange(3)):
            begin = start + dice.randrange(2 * 86400)
            pauses.append((begin, begin + dice.randrange(86400)))
        if name == "casablanca" and day > "2026-09":
            # Releases of the zone database disagree about Morocco from there on.
            continue
        what = dice.choice(["1 working days", "2 working days"] + [f"{dice.randrange(1, 40000)}s"] * 4)
        yield name, start, what, pauses


def stamp(text):
    return int(dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def text(at):
    return dt.datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    print("calendar;zone;hours;holidays;start;within;pauses;due")
    rows = [(n, stamp(s), w, [(stamp(a), stamp(b)) for a, b in p]) for n, s, w, p in BY_HAND] + list(by_chance(120))
    for name, start, what, pauses in rows:
        zone, week, dates = CALENDARS[name]
        pairs = lambda m: "|".join(f"{k}={v}" for k, v in m.items())
        shown = "|".join(f"{text(a)}/{text(b)}" for a, b in pauses)
        print(name, zone, pairs(week), pairs(dates), text(start), what, shown, text(due(name, start, what, pauses)), sep=";")


main()
