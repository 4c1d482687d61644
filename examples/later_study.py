"""A pilot on Prolific and Mechanical Turk at once, then the main study, without whoever took part in the pilot.

python examples/later_study.py                    on marketplaces inside this program
python examples/later_study.py crowdhub.toml      on your accounts "prolific" and "mturk"; it asks before it spends
"""

from collections.abc import Sequence

from _accounts import open_hub

from crowdhub import ExternalForm, Hub, Money, Submission, Task, TaskDraft
from crowdhub.model import ProviderOptions
from crowdhub_mturk import MTurk, MTurkOptions, QualificationRequirement, QualificationTypeStatus
from crowdhub_prolific import CompletionCode, ProlificOptions, without_studies

SLOTS = {"prolific": 3, "mturk": 4}
REWARDS = {"prolific": Money("0.90", "GBP")}  # of the workspace's currency
STUDY = ProlificOptions(estimated_completion_time=6, completion_codes=(CompletionCode(code="C1SIGNS"),))
DRAFT = TaskDraft(
    title="How do you read shop signs?",
    instructions="Look at ten signs and say what each shop sells. It takes about six minutes.",
    reward=Money("1.20", "USD"),
    questions=ExternalForm(url="https://survey.example.org/signs", height=800),
    options=(STUDY,),  # which the other marketplace does not read
)


def work_of(hub: Hub, tasks: Sequence[Task]) -> list[Submission]:
    """All that is handed in, approved."""
    found: list[Submission] = []
    for work in hub.watch(tasks, interval=600):
        hub[work.account].approve(work)
        found.append(work)
        if len(found) == sum(SLOTS.values()):
            break
    return found


def without(hub: Hub, pilot: Sequence[Task], people: Sequence[Submission]) -> list[ProviderOptions]:
    """What keeps the people of the pilot out, as each marketplace wants it."""
    market = hub.market(MTurk)
    qualifications = market.provider.api.qualifications
    took_part = market.run(
        qualifications.create_qualification_type(
            name="Took part in the pilot on shop signs",
            description="Given to everybody who took part.",
            qualification_type_status=QualificationTypeStatus.ACTIVE,
        ),
        key="signs-pilot-people",
    )
    for each in people:
        if each.account == "mturk":
            market.run(
                qualifications.associate_qualification_with_worker(took_part.qualification_type_id, each.worker.id)
            )
    studies = [task.id for task in pilot if task.account == "prolific"]
    return [
        STUDY.copy_with(filters=(without_studies(*studies),)),
        MTurkOptions(qualifications=(QualificationRequirement.excludes(took_part.qualification_type_id),)),
    ]


with open_hub(Hub, *SLOTS) as opened, opened as hub:
    pilot = hub.publish_split(DRAFT, SLOTS, rewards=REWARDS, key="signs-pilot")
    first = work_of(hub, pilot.tasks)
    options = without(hub, pilot.tasks, first)
    main = hub.publish_split(DRAFT.copy_with(options=options), SLOTS, rewards=REWARDS, key="signs-main")
    second = work_of(hub, main.tasks)
    again = {each.worker.id for each in first} & {each.worker.id for each in second}
    print("paid", *pilot.totals.values(), "and", *main.totals.values())
    print(f"{len(first)} took part in the pilot, {len(second)} in the main study, {len(again)} in both")
