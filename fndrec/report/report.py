"""HTML report about a trained model."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from fndrec.checks import non_negative_int
from fndrec.data import OutfitData, SyntheticTruth
from fndrec.evaluation import EvaluationResult
from fndrec.evaluation.protocols.candidate_ranking import COLUMNS
from fndrec.evaluation.user_values import Interval
from fndrec.extras import require
from fndrec.files import atomic_write
from fndrec.models import OutfitRecommender
from fndrec.report import curves, data_summary
from fndrec.report.costs import costs_of
from fndrec.report.figures import Figures
from fndrec.report.judgement import Judgement, plot
from fndrec.report.mistakes import Mistake, worst_mistakes
from fndrec.report.page import render
from fndrec.report.pictures import Pictures
from fndrec.report.ranking import Ranking
from fndrec.report.recommended import UserPage, user_pages


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Report:
    """Report about a model as one self-contained HTML file.

    `of` makes it, `save` writes it.

    Attributes:
        evaluation: The metrics of the model, its teacher and the baselines.
        intervals: The same with their intervals of 95%, see `UserValues`.
        gains: How far the model's AUC is above that of each other.
        mistakes: Liked outfits that the model ranks lowest.
        users: Users with what is recommended to them.
        html: The page.
    """

    evaluation: EvaluationResult
    intervals: dict[str, dict[str, Interval]]
    gains: dict[str, Interval]
    mistakes: list[Mistake]
    users: list[UserPage]
    html: str

    @classmethod
    def from_model(
        cls,
        model: OutfitRecommender,
        data: OutfitData,
        *,
        teacher: OutfitRecommender | None = None,
        name: str = "model",
        split: str | None = None,
        history: Mapping[str, Sequence[float]] | None = None,
        run: Mapping[str, Any] | None = None,
        truth: SyntheticTruth | None = None,
        negatives: int = 10,
        negative_sampling: str | None = None,
        users: int = 4,
        recommended: int = 6,
        mistakes: int = 6,
        costs: bool = True,
        seed: int = 0,
        notes: Sequence[str] = (),
        line: str | None = None,
    ) -> Self:
        """Evaluates a model and collects the sections of the report.

        Args:
            model: A trained model.
            data: The data set, with photos loaded if a model looks at them.
            teacher: The model it was distilled from: it is shown beside, and
                judges which negatives are false. By default the model itself
                judges.
            name: What the model is called.
            split: Split whose likes are ranked: by default `"test"`, else
                `"valid"`, else `"train"`.
            history: Values by epoch, the `history` of what `fit` returned.
            run: What the `run.json` of a command holds; the page shows its
                `"line"`, `"arguments"`, `"seed"`, `"versions"` and, by
                default, `"history"`.
            truth: The truth of a synthetic shop.
            negatives: Negatives of each like.
            negative_sampling: Kind of the negatives, see
                `Candidates.from_data`.
            users: Users that recommendations are shown for.
            recommended: Outfits recommended to each.
            mistakes: Mistakes shown.
            costs: Whether costs are measured, see `compare`.
            seed: Seed of the candidates and of the bootstrap.
            notes: What else a reader should know, a sentence each.
            line: The command that makes the page, if one does.

        Returns:
            The report.

        Raises:
            DataError: If there is no such split, or no like in it, or the
                data lacks what a model looks at.
            ModuleNotFoundError: If Jinja is not installed.
            ValueError: If an argument is out of its range.

        Example:

        >>> report = fndrec.Report.from_model(student, data, teacher=teacher)
        >>> report.save("report.html")
        """
        require("jinja2", "report", "`Report`")
        for argument, value in (
            ("users", users),
            ("recommended", recommended),
            ("mistakes", mistakes),
            ("seed", seed),
        ):
            non_negative_int(argument, value)
        if name == "teacher" and teacher is not None:
            raise ValueError(
                "`name` should differ from that of the teacher. "
                f"Received: name={name!r}"
            )
        if truth is not None:
            truth = truth.aligned(data)
        split = _split(data) if split is None else split
        run = run or {}
        history = run.get("history") if history is None else history
        models = {name: model}
        if teacher is not None:
            models["teacher"] = teacher
        ranking = Ranking.from_models(
            models, data, split, negatives, negative_sampling, seed
        )
        judge = "teacher" if teacher is not None else name
        judgement = Judgement.from_ranking(ranking, data, models[judge], truth)
        pictures = Pictures(data)
        figures = Figures()
        found_mistakes = worst_mistakes(
            ranking, judgement, data, pictures, mistakes
        )
        shown = user_pages(
            model, data, ranking, truth, pictures, users, recommended
        )
        html = render(
            evaluation=ranking.result,
            intervals=ranking.intervals,
            gains=ranking.gains,
            mistakes=found_mistakes,
            users=shown,
            name=name,
            the_model=_the(name),
            the_judge=_the(judge),
            split=split,
            columns=COLUMNS,
            candidates=ranking.scores.shape[1],
            baseline=_best_baseline(ranking),
            parameters=model.count_params(),
            facts=data_summary.facts(data, split),
            data_plots=data_summary.plots(data, figures),
            history=history or {},
            best_epoch=curves.best_epoch(history or {}),
            label=curves.label,
            curves=curves.plots(history or {}, figures),
            costs=(costs_of(models, data, ranking, figures) if costs else None),
            judged=judgement.judged(ranking),
            judged_plot=plot(
                judgement.judged(ranking),
                f"Scores of {_the(name)}, as {_the(judge)} judges",
                figures,
            ),
            can_judge=judgement.false is not None,
            in_truth=judgement.in_truth(ranking),
            true_plot=(
                None
                if truth is None
                else plot(
                    judgement.in_truth(ranking),
                    f"Scores of {_the(name)}, by the truth",
                    figures,
                )
            ),
            against_truth=judgement.against_truth,
            run=run,
            seed=seed,
            notes=notes,
            line=line,
        )
        return cls(
            ranking.result,
            ranking.intervals,
            ranking.gains,
            found_mistakes,
            shown,
            html,
        )

    def save(self, path: str | Path) -> None:
        """Writes the page atomically.

        Args:
            path: Path of the file.
        """
        atomic_write(Path(path), self.html)

    def to_dict(self) -> dict[str, Any]:
        """Returns the metrics with their intervals as plain Python values."""
        return {
            "evaluation": self.evaluation.to_dict(),
            "intervals": {
                name: {
                    metric: dataclasses.asdict(interval)
                    for metric, interval in metrics.items()
                }
                for name, metrics in self.intervals.items()
            },
            "gains": {
                name: dataclasses.asdict(gain)
                for name, gain in self.gains.items()
            },
        }


def _split(data: OutfitData) -> str:
    for name in ("test", "valid"):
        if name in data.splits and len(data.likes(name)):
            return name
    return "train"


def _the(name: str) -> str:
    """Returns a name for use in a sentence."""
    known = name in ("model", "student", "teacher")
    return f"the {name}" if known else name


def _best_baseline(ranking: Ranking) -> str:
    result = ranking.result
    names = [name for name in result.metrics if name not in result.models]
    return max(names, key=lambda name: result.metrics[name]["auc"])
