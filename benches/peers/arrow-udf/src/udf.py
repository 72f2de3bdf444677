import json
import re

TARGET = PARAMETERS.get("target", "")
MAX_DISTANCE = PARAMETERS.get("max_distance", 0)
SEARCH = re.compile(PARAMETERS.get("pattern", "")).search
NAMES = PARAMETERS.get("path", "").split(".")[1:]
EQUALS = PARAMETERS.get("equals")


def noop(x):
    return True


def score(price, rating, popularity):
    return 0.3 * price + 0.5 * rating + 0.2 * popularity


def score_nulls(price, rating, popularity):
    return 0.3 * (price or 0.0) + 0.5 * (rating or 0.0) + 0.2 * (popularity or 0.0)


def distance(title):
    if title is None or abs(len(title) - len(TARGET)) > MAX_DISTANCE:
        return False
    above = list(range(len(TARGET) + 1))
    for row, character in enumerate(title, 1):
        current = [row]
        for column, other in enumerate(TARGET, 1):
            substituted = above[column - 1] + (character != other)
            current.append(min(above[column] + 1, current[-1] + 1, substituted))
        above = current
    return above[-1] <= MAX_DISTANCE


def regex(title):
    found = None if title is None else SEARCH(title)
    return None if found is None else found[1]


def json_path(data):
    found = json.loads(data)
    for name in NAMES:
        found = found.get(name) if isinstance(found, dict) else None
    return found == EQUALS


def weekdays_before(day):
    # 1970-01-01 was a Thursday.
    week, weekday = divmod(day + 3, 7)
    return 5 * week + min(weekday, 5)


def business_days(start, end):
    return weekdays_before(end) - weekdays_before(start)
