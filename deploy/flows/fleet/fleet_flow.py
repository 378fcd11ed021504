"""The flow that carries a run of ``wakeful fleet``: a task for each shard.

It is alone in its folder, because Metaflow packages every Python file in it and below.

What a shard comes to is in the store when its task ends, and nowhere else: the flow itself holds nothing but numbers.
"""

from metaflow import FlowSpec, Parameter, retry, step


class WakefulFleet(FlowSpec):
    """Judges the shards of one run."""

    store = Parameter("store", help="Folder or s3:// prefix that holds the run.", required=True)
    job = Parameter("job", help="Name of the run, as `wakeful fleet runs` lists it.", required=True)

    @step
    def start(self) -> None:
        """Find out how many shards there are."""
        from wakeful.device.fleet.runs import load
        from wakeful.device.fleet.store import open_store

        self.shards = list(range(load(open_store(self.store), self.job).shards))
        self.next(self.judge, foreach="shards")

    @retry(times=2, minutes_between_retries=0)
    @step
    def judge(self) -> None:
        """Judge one shard."""
        from wakeful.device.fleet.worker import judge_in_store

        judge_in_store(self.store, self.job, self.input)
        self.next(self.join)

    @step
    def join(self, inputs: object) -> None:
        """Nothing is carried over: results are in the store."""
        self.next(self.end)

    @step
    def end(self) -> None:
        """The run is judged; whoever asked for it merges."""


if __name__ == "__main__":
    WakefulFleet()
