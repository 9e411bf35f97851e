"""What somebody does with a calendar: make it, put events in it, look for them, change and delete one.

Its argument is the address of the server.
"""

import sys
from datetime import UTC, datetime, timedelta

import caldav

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def titles(events):
    return sorted(str(event.icalendar_component["summary"]) for event in events)


with caldav.DAVClient(url=sys.argv[1], username="ann", password="secret") as client:
    principal = client.principal()
    print("principal", principal.url.path)
    calendar = principal.make_calendar(name="Zoë's")
    print("calendars", [found.get_display_name() for found in principal.calendars()])
    calendar.save_event(dtstart=NOON, dtend=NOON + HOUR, summary="Lunch")
    daily = {"rrule": {"FREQ": "DAILY", "COUNT": 3}}
    calendar.save_event(dtstart=NOON + 2 * HOUR, dtend=NOON + 3 * HOUR, summary="Küche", **daily)
    print("events", titles(calendar.events()))
    day = {"start": NOON, "end": NOON + 24 * HOUR, "event": True}
    print("first day", titles(calendar.search(**day)))
    next_day = {"start": NOON + 24 * HOUR, "end": NOON + 48 * HOUR, "event": True, "expand": True}
    print("second day", titles(calendar.search(**next_day)))
    lunch = calendar.search(**day, summary="Lunch")[0]
    lunch.icalendar_component["summary"] = "Dinner"
    lunch.save()
    print("changed", titles(calendar.events()))
    lunch.delete()
    print("deleted", titles(calendar.events()))
    calendar.delete()
    print("calendars", [found.get_display_name() for found in principal.calendars()])
