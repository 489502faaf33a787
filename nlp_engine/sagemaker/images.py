"""Where AWS's BlazingText image lies in each region.

Source: `sagemaker/core/image_uri_config/blazingtext.json` of SageMaker's SDK 3.27; the
domains are those of AWS's partitions.
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources

from nlp_engine.errors import SettingError

_DOMAINS = {
    "cn-": "amazonaws.com.cn",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
}


def blazingtext_image(region: str) -> str:
    """The URI of AWS's BlazingText image in a region.

    Raises:
        SettingError: AWS has no such image there.
    """
    accounts = _accounts()
    if region not in accounts:
        raise SettingError(
            f"region is {region!r}, in which AWS has no BlazingText image; "
            f"known are {', '.join(accounts)}"
        )
    starts = (domain for start, domain in _DOMAINS.items() if region.startswith(start))
    domain = next(starts, "amazonaws.com")
    return f"{accounts[region]}.dkr.ecr.{region}.{domain}/blazingtext:1"


@functools.cache
def _accounts() -> dict[str, str]:
    text = (resources.files("nlp_engine.sagemaker") / "blazingtext.toml").read_text("utf-8")
    return dict(tomllib.loads(text)["accounts"])
