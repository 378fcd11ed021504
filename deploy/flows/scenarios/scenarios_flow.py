"""The flow that carries a run of ``wakeful scenarios``: a task for each scene.

It is alone in its folder, because Metaflow packages every Python file in it and below. Results and pictures are in the
store when a task ends, and nowhere else.
"""

from metaflow import FlowSpec, Parameter, retry, step


class WakefulScenarios(FlowSpec):
    """Renders and judges the scenes of one run."""

    store = Parameter("store", help="Folder or s3:// prefix that holds the run.", required=True)
    job = Parameter("job", help="Name of the run, as `wakeful fleet runs` lists it.", required=True)

    @step
    def start(self) -> None:
        """Find out how many scenes there are."""
        from wakeful.device.fleet.runs import load
        from wakeful.device.fleet.store import open_store

        self.scenes = list(range(load(open_store(self.store), self.job).shards))
        self.next(self.render, foreach="scenes")

    @retry(times=2, minutes_between_retries=0)
    @step
    def render(self) -> None:
        """Render and judge one scene."""
        from wakeful.device.scenarios.carried import run_in_store

        run_in_store(self.store, self.job, self.input)
        self.next(self.join)

    @step
    def join(self, inputs: object) -> None:
        """Nothing is carried over: results are in the store."""
        self.next(self.end)

    @step
    def end(self) -> None:
        """All scenes are done; whoever asked for them stitches the page."""


if __name__ == "__main__":
    WakefulScenarios()
