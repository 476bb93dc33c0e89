"""What the study compares, stage by stage.

Every choice is made on `valid` of worlds that are quick to train on. What was
chosen is then compared on likes that no choice has seen, of worlds where
models look at photos.
"""

from benchmarks.ablation.variant import Variant

# Generated shops: the first to choose on, the others for the end.
CHOICE_SHOP = "shop-1-features"
CHOICE_WARDROBE = "wardrobe-features"
FIRST = {CHOICE_SHOP: (100,)}
"""Seeds by world: what all settings are tried on."""
SECOND = {CHOICE_SHOP: (100,), CHOICE_WARDROBE: (100,)}
"""What some of each kind are tried on."""
CHOICE = {CHOICE_SHOP: (100, 101), CHOICE_WARDROBE: (100,)}
"""What mixtures are tried on."""
LAST_CHOICE = {**CHOICE, "wardrobe": (100,)}
"""What the default is chosen on, photos at last."""

FINAL_SEEDS = (0, 1, 2, 3, 4)
CHECK_SEEDS = (0,)
FINAL_SHOPS = ("shop-2", "shop-3", "shop-4")
WHY_SHOPS = ("shop-2-features", "shop-3-features", "shop-4-features")
WHY_SEEDS = (0, 1, 2)
SHARES_SHOP = "shop-5"
SHARES = (0.01, 0.1, 0.4)
"""Shares of all outfits that users truly like: of false negatives."""

ORACLE = "false negatives removed by an oracle"

# One drawn negative a like: those of the whole batch stand against it too.
PLAIN = Variant("none", negatives=1, clip=None)
FND = PLAIN.but("fnd", fnd=True)
KD = PLAIN.but("kd", kd=True)

SCORE_TEMPERATURES = (0.1, 0.2, 0.4)


def kd_settings() -> list[Variant]:
    """Settings of Hinton's distillation."""
    return [
        KD.but(
            f"kd T={t:g} w={w:g}, score temperature {s:g}",
            temperature=t,
            weight=w,
            score_temperature=s,
        )
        for t, w in ((1.0, 0.9), (2.0, 0.9), (4.0, 0.9), (4.0, 1.0), (8.0, 0.9))
        for s in SCORE_TEMPERATURES
    ]


def fnd_settings() -> list[Variant]:
    """As many settings of False Negative Distillation."""
    return [
        FND.but(
            f"fnd a={a:g}{'' if clip is None else ' clipped'}, "
            f"score temperature {s:g}",
            alpha=a,
            clip=clip,
            score_temperature=s,
        )
        for a, clip in (
            (0.3, None),
            (0.5, None),
            (1.0, None),
            (2.0, None),
            (1.0, 3.0),
        )
        for s in SCORE_TEMPERATURES
    ]


def kd_second() -> list[Variant]:
    """Those that are tried on both worlds."""
    wanted = {(t, 0.9, s) for t in (2.0, 4.0, 8.0) for s in (0.1, 0.2)}
    wanted.add((4.0, 1.0, 0.2))
    return [
        v
        for v in kd_settings()
        if (v.temperature, v.weight, v.score_temperature) in wanted
    ]


def fnd_second() -> list[Variant]:
    """As many of the other kind."""
    wanted = {(0.5, 0.2), (0.5, 0.4), (1.0, 0.1), (1.0, 0.2), (2.0, 0.1)}
    few = [
        v
        for v in fnd_settings()
        if v.clip is None and (v.alpha, v.score_temperature) in wanted
    ]
    return few + [v for v in alphas() if v.alpha == 4.0]


def plain_settings() -> list[Variant]:
    """Settings of a student without distillation."""
    return [
        PLAIN.but(f"none, score temperature {s:g}", score_temperature=s)
        for s in SCORE_TEMPERATURES
    ]


def alphas() -> list[Variant]:
    """A wider range of strengths, with and without the clip."""
    return [
        FND.but(
            f"fnd a={a:g}{'' if clip is None else ' clipped'}",
            alpha=a,
            clip=clip,
        )
        for a in (0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 16.0)
        for clip in (3.0, None)
    ]


def tuning() -> list[Variant]:
    """All settings of both, and no distillation."""
    return [*plain_settings(), *kd_settings(), *fnd_settings()]


def together(plain: Variant, kd: Variant, fnd: Variant) -> list[Variant]:
    """Both at once, and each with the contrastive loss."""
    both = fnd.but(
        "fnd + kd",
        kd=True,
        temperature=kd.temperature,
        weight=0.5,
        score_temperature=kd.score_temperature,
    )
    return [
        plain.but("cl", contrastive=0.1),
        kd.but("kd + cl", contrastive=0.1),
        fnd.but("fnd + cl", contrastive=0.1),
        both,
        both.but("fnd + kd + cl", contrastive=0.1),
        both.but("fnd + kd, weight 0.9", weight=0.9),
        both.but("fnd + kd + cl, weight 0.9", weight=0.9, contrastive=0.1),
    ]


def forms(best: Variant) -> list[Variant]:
    """One thing changed at a time."""
    with_cl = best.but("", contrastive=best.contrastive or 0.1)
    return [
        *(
            with_cl.but(f"cl by {first} and {second}", views=(first, second))
            for first, second in (
                ("erase", "replace"),
                ("erase", "similar"),
                ("replace", "replace"),
                ("similar", "similar"),
            )
        ),
        *(
            with_cl.but(f"cl weight {weight:g}", contrastive=weight)
            for weight in (0.03, 0.3)
        ),
        *(
            with_cl.but(f"cl temperature {t:g}", contrastive_temperature=t)
            for t in (0.1, 0.5)
        ),
        best.but("squared distance", score="squared_distance"),
        *(
            best.but(f"score temperature {t:g}", score_temperature=t)
            for t in (0.05, *SCORE_TEMPERATURES, 0.8)
            if t != best.score_temperature
        ),
        best.but("score temperature learned", score_temperature=None),
        best.but("held-out radius", radius="valid"),
        best.but("weak teacher", teacher="weak"),
        *(best.but(f"{n} negatives", negatives=n) for n in (0, 5, 10, 20)),
        best.but("10 negatives, not shared", negatives=10, in_batch=False),
        best.but("catalogue negatives", negatives=5, sampling="catalogue"),
        best.but("half-hard negatives", negatives=4, sampling="half_hard"),
        best.but("hard negatives", negatives=5, sampling="hard"),
        best.but("half the width", size=0.5),
        best.but("twice the width", size=2.0),
        best.but("a third of the learning rate", learning_rate=1e-3),
        best.but("reversed sign", control="reversed"),
    ]


def controls(plain: Variant, kd: Variant, fnd: Variant) -> list[Variant]:
    """What of the z-score it is that helps.

    The first is the plain student with the score temperature of the others.
    """
    return [
        plain.but("none", score_temperature=fnd.score_temperature),
        kd,
        fnd,
        *(
            fnd.but(f"fnd, z {control}", control=control)
            for control in (
                "centred",
                "permuted",
                "reversed",
                "softened_only",
                "pushed_only",
                "removed",
            )
        ),
        fnd.but(ORACLE, control="oracle"),
        fnd.but("fnd, weak teacher", teacher="weak"),
        kd.but("kd, weak teacher", teacher="weak"),
    ]
