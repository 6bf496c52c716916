"""Great Expectations 1.24 as the oracle: its pandas engine over a data frame, one answer an expectation."""
import copy
import logging
import os
import warnings

os.environ["GX_ANALYTICS_ENABLED"] = "false"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import great_expectations  # noqa: E402
from great_expectations.execution_engine import PandasExecutionEngine  # noqa: E402
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration  # noqa: E402
from great_expectations.validator.validator import Validator  # noqa: E402

great_expectations.get_context(mode="ephemeral").variables.progress_bars = {"globally": False}


def exception_of(info):
    """The messages of an exception_info, or None where nothing was raised."""
    if not info or info.get("raised_exception") is False:
        return None
    messages = [part.get("exception_message") for part in info.values() if isinstance(part, dict)]
    return "; ".join(filter(None, messages)) or info.get("exception_message") or "raised"


def evaluate(frame, expectations, result_format):
    """A dict an expectation: {"invalid"} where GX refuses it, else {"success", "result", "exception"}."""
    answers, configurations = [], []
    for index, expectation in enumerate(expectations):
        answers.append(None)
        try:
            configuration = ExpectationConfiguration(type=expectation["type"], kwargs=expectation["kwargs"])
            configuration = configuration.to_domain_obj().configuration
        except Exception as error:  # GX raises many kinds
            answers[index] = {"invalid": str(error)}
            continue
        configuration.meta = {"index": index}
        configurations.append(configuration)
    validator = Validator(execution_engine=PandasExecutionEngine(batch_data_dict={"batch": frame}))
    # GX adds to the settings that it is given.
    runtime = {"result_format": copy.deepcopy(result_format), "catch_exceptions": True}
    for validated in validator.graph_validate(configurations=configurations, runtime_configuration=runtime):
        answer = validated.to_json_dict()
        index = answer["expectation_config"]["meta"]["index"]
        # Some results are texts: numpy's True.
        success = answer["success"] in (True, "True")
        answers[index] = {"success": success, "result": answer["result"], "exception": exception_of(answer["exception_info"])}
    return answers
