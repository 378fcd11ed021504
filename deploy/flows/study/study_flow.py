"""The flow that carries a run of ``wakeful study``: a task for each training, or for some that build on each other.

It is alone in its folder, because Metaflow packages every Python file in it and below. Results, checkpoints and
weights are in the store when a task ends, and nowhere else.
"""

from metaflow import Config, FlowSpec, Parameter, resources, retry, step


class WakefulStudy(FlowSpec):
    """Does the trainings of one run."""

    store = Parameter("store", help="Folder or s3:// prefix that holds the run.", required=True)
    job = Parameter("job", help="Name of the run, as `wakeful fleet runs` lists it.", required=True)
    needs = Config(
        "needs", help="What a training needs, from the plan.", default_value='{"cpu":1,"memory":2048,"gpu":0}'
    )

    @step
    def start(self) -> None:
        """Find out how many tasks there are."""
        from wakeful.device.fleet.runs import load
        from wakeful.device.fleet.store import open_store

        self.tasks = list(range(load(open_store(self.store), self.job).shards))
        self.next(self.train, foreach="tasks")

    @retry(times=2, minutes_between_retries=0)
    @resources(cpu=needs.cpu, memory=needs.memory, gpu=needs.gpu)
    @step
    def train(self) -> None:
        """Train, from the last checkpoint where there is one."""
        from wakeful.models.studies.carried import train_in_store

        train_in_store(self.store, self.job, self.input)
        self.next(self.join)

    @step
    def join(self, inputs: object) -> None:
        """Nothing is carried over: results are in the store."""
        self.next(self.end)

    @step
    def end(self) -> None:
        """All trainings are done; whoever asked for them writes the page."""


if __name__ == "__main__":
    WakefulStudy()
