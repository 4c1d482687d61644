"""users.*: performers, remarks, reports, the white and black list, balance and statement."""

from collections.abc import Mapping
from datetime import timedelta

from crowdhub.sandbox.values import JsonObject
from crowdhub_etxt.sandbox.accounts import ListEntry, UserReport
from crowdhub_etxt.sandbox.answers import Rows, unixtime
from crowdhub_etxt.sandbox.asked import FunctionCall, Handler
from crowdhub_etxt.sandbox.people import Performer
from crowdhub_etxt.sandbox.refusal import MAX_LIMIT, NO_ACCESS, NO_OBJECT, NO_PARAMS, EtxtRefusal

BETWEEN_REPORTS = timedelta(days=1)
REPORT_EDITABLE = timedelta(hours=1)
LISTS = ("whiteList", "blackList")


def get_list(asked: FunctionCall) -> object:
    """users.getList."""
    params, people = asked.params, asked.world.people
    low, high = params.maybe("rate_from"), params.maybe("rate_out")
    online = params.flag("online") if params.has("online") else None
    found = [
        person
        for person in map(people.person, people.ids)
        if (low is None or person.rate >= low)
        and (high is None or person.rate <= high)
        and (online is None or person.online == online)
    ]
    return Rows([_brief(person) for person in found[params.window()]], "id_user")


def get_user(asked: FunctionCall) -> object:
    """users.getUser."""
    people = asked.world.people
    user = asked.params.maybe("id")
    if user is None:
        user = people.by_login(asked.params.text("login", required=True))
    if user is None or not people.exists(user):
        raise EtxtRefusal(NO_OBJECT)
    person = people.person(user)
    mine = [report.rate for report in asked.customer.reports.values() if report.user == user]
    return {
        **_brief(person),
        "photo": asked.link("avatar", user, name=f"{user}.png", lasting=True),
        "group": "Исполнитель",
        "works": list(person.works),
        "categories": list(person.categories),
        "langs": list(person.langs),
        "portfolio": person.portfolio,
        "reports": person.reports + mine.count(1),
        "reports_n": person.reports_n + mine.count(2),
    }


def get_works(asked: FunctionCall) -> object:
    """users.getWorks."""
    works = asked.person().works
    return {"works": {kind: {"id_type": kind, "minprice": least} for kind, least in works.items()}}


def get_note(asked: FunctionCall) -> object:
    """users.getNote."""
    person = asked.person()
    remark = asked.customer.remarks.get(person.id)
    if remark is None:
        raise EtxtRefusal(NO_OBJECT)
    return {"id_user": person.id, "text": remark[0], "date": remark[1]}


def set_note(asked: FunctionCall) -> object:
    """users.setNote; an empty text removes the remark."""
    person, text = asked.person(), asked.params.text("text", 1000)
    if text:
        asked.customer.remarks[person.id] = (text, asked.now)
    else:
        _ = asked.customer.remarks.pop(person.id, None)
    return {"status": True}


def get_reports(asked: FunctionCall) -> object:
    """users.getReports: by kind, then by author."""
    person = asked.person()
    users = asked.world.people.ids
    kinds: dict[str, dict[int, list[Mapping[str, object]]]] = {"negative": {}, "positive": {}}
    for number in range(min(person.reports, 5)):  # what other customers said follows from the performer alone
        author = users[(person.id * 7 + number) % len(users)]
        entry = {"id_author": author, "text": "Хорошая работа.", "date": person.registered + timedelta(days=number)}
        kinds["positive"].setdefault(author, []).append(entry)
    for report in asked.customer.reports.values():
        if report.user == person.id:
            entry = {"id_author": asked.customer.id, "text": report.text, "date": report.date}
            kinds["positive" if report.rate == 1 else "negative"].setdefault(asked.customer.id, []).append(entry)
    return kinds


def set_report(asked: FunctionCall) -> object:
    """users.setReport: one a day for each performer, editable for an hour, only after common work."""
    params, reports = asked.params, asked.customer.reports
    text = params.text("text", 5000, least=50, required=True, public=True)
    rate = params.integer("rate", 1, 1, 2)
    number = params.maybe("id_report")
    if number is not None:
        report = reports.get(number)
        if report is None:
            raise EtxtRefusal(NO_OBJECT)
        if asked.now > report.date + REPORT_EDITABLE:
            raise EtxtRefusal(NO_ACCESS)
        report.text, report.rate = text, rate
        return {"id_report": report.id}
    person = asked.person("id_user")
    if not _worked_together(asked, person):
        raise EtxtRefusal(NO_ACCESS)
    if any(each.user == person.id and asked.now < each.date + BETWEEN_REPORTS for each in reports.values()):
        raise EtxtRefusal("is_timeout")
    report = UserReport(next(asked.world.ids), person.id, text, rate, asked.now)
    reports[report.id] = report
    return {"id_report": report.id}


def get_bw(asked: FunctionCall) -> object:
    """users.getBW; a group counts before a type."""
    params, listed = asked.params, asked.customer.listed
    group, kind = params.maybe("id_group"), params.choice("type", (*LISTS, ""), "")
    if group is not None:
        asked.customer.groups.check(group)
    rows: list[JsonObject] = []
    for user, place in listed.items():
        if place.group != group if group is not None else kind and place.kind != kind:
            continue
        person = asked.world.people.person(user)
        rows.append(
            {
                "id_user": user,
                "id_group": place.group,
                "login": person.login,
                "fio": person.name,
                "online": person.online,
                "type": place.kind,
            }
        )
    return Rows(rows[params.window()], "id_user")


def get_user_bw(asked: FunctionCall) -> object:
    """users.getUserBW."""
    person = asked.person()
    place = asked.customer.listed.get(person.id)
    counts = {"whiteList": person.white, "blackList": person.black}
    if place is not None:
        counts[place.kind] += 1
    return {"id_user": person.id, **counts}


def set_user_bw(asked: FunctionCall) -> object:
    """users.setUserBW; taking off who is on no list finds nothing."""
    person, kind = asked.person(), asked.params.choice("type", (*LISTS, "delete"))
    group = asked.params.integer("id_group", 0, least=0)
    asked.customer.groups.check(group)
    if kind in LISTS:
        asked.customer.listed[person.id] = ListEntry(kind, group)
    elif asked.customer.listed.pop(person.id, None) is None:
        raise EtxtRefusal(NO_OBJECT)
    return {"id": person.id, "type": kind}


def get_balance(asked: FunctionCall) -> object:
    """users.getBalance."""
    return {"id": asked.customer.id, "balance": asked.customer.purse.balance, "date": asked.now}


def get_stats(asked: FunctionCall) -> object:
    """users.getStats, newest first; nobody here has promotional points."""
    params, people = asked.params, asked.world.people
    login = params.text("login")
    if len(login) > 15:
        raise EtxtRefusal(MAX_LIMIT)
    since, until, folder = params.moment("date_from"), params.moment("date_to"), params.maybe("id_folder")
    if since is not None and until is not None and since > until:
        raise EtxtRefusal(NO_PARAMS)
    folders: set[int] | None = None
    if folder is not None:
        asked.customer.folders.check(folder)
        folders = set(asked.customer.folders.within(folder)) if params.flag("sub") else {folder}
    found = [
        line
        for line in reversed(asked.customer.lines)
        if not params.flag("promo")
        and (since is None or unixtime(line.date) >= since)
        and (until is None or unixtime(line.date) <= until)
        and (folders is None or line.folder in folders)
        and (not login or (people.exists(line.user) and login.lower() in people.person(line.user).login))
    ]
    rows = [
        {
            "id": line.id,
            "date": line.date,
            "count": line.amount,
            "balance": line.balance,
            "operation": line.operation,
            "id_user_to": line.user,
            "comission": line.commission,
            "id_folder": line.folder,
        }
        for line in found[params.window()]
    ]
    return Rows(rows, "id")


def _brief(person: Performer) -> JsonObject:
    return {
        "id_user": person.id,
        "login": person.login,
        "fio": person.name,
        "description": person.description,
        "country": person.country,
        "city": person.city,
        "online": person.online,
        "regdate": person.registered,
        "rate": person.rate,
    }


def _worked_together(asked: FunctionCall, person: Performer) -> bool:
    orders = any(order.performer == person.id for order in asked.office.of(asked.customer, asked.now))
    return orders or any(asked.world.articles[each].author == person.id for each in asked.customer.bought)


FUNCTIONS: dict[str, Handler] = {
    "users.getList": get_list,
    "users.getBW": get_bw,
    "users.getNote": get_note,
    "users.setNote": set_note,
    "users.getStats": get_stats,
    "users.getUser": get_user,
    "users.getWorks": get_works,
    "users.getReports": get_reports,
    "users.setReport": set_report,
    "users.getUserBW": get_user_bw,
    "users.setUserBW": set_user_bw,
    "users.getBalance": get_balance,
}
