"""Publish a task, wait until it is full, refuse what lacks proof, approve the rest.

python examples/publish_and_review.py                   on a marketplace inside this program
python examples/publish_and_review.py crowdhub.toml     on your account "rapidworkers"; it asks before it spends
"""

from _accounts import open_hub

from crowdhub import Decision, Hub, Money, Submission, TaskDraft

DRAFT = TaskDraft(
    title="Which colour is the front door?",
    instructions="Go past the house, note the colour of its door, take a picture.",
    reward=Money("0.20", "USD"),
    slots=25,
    proof="The colour, and one picture",
    category="Data entry",
)

with open_hub(Hub, "rapidworkers") as opened, opened as hub:
    market = hub["rapidworkers"]
    print(f"{market.name} ({market.environment}): {market.balance()}, publishing takes {market.estimate(DRAFT)}")
    task = market.publish(DRAFT, key="front-door-1")  # run it again after a crash: the same key, the same task

    good: list[Submission] = []
    for work in market.watch([task], interval=600):  # a look every ten minutes
        if work.text and work.files:
            good.append(work)
        else:
            market.reject(work, reason="The colour or the picture is missing.")  # its slot opens again
        if len(good) == DRAFT.slots:
            break

    report = market.review([Decision.approve(work, note="Thank you.") for work in good])
    print(f"{report.summary()} in {report.requests} requests; {market.balance()} left")
    for outcome in report.failures:
        print(outcome.decision.submission.id, outcome.error)
