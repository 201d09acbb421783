"""Reads what `goodhart disclose export` wrote, with the libraries of those who drew the formats up. One JSON object on stdout.

    python scripts/interop-disclosure.py <folder of exports>

Each entry says what was read, or why nothing was: a library that is not installed is no failure.
"""

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FOLDER = Path(sys.argv[1])


def hub_model_card():
    from huggingface_hub import ModelCard

    card = ModelCard.load(FOLDER / "model-card.md")
    results = card.data.eval_results or []
    assert results, "no results in the metadata"
    return f"{len(results)} results, first {results[0].metric_type} {results[0].metric_value}"


def hub_dataset_card():
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(FOLDER / "dataset-card.md")
    assert card.data.size_categories, "no size"
    return f"{card.data.pretty_name}, {card.data.size_categories}"


def croissant():
    import mlcroissant

    dataset = mlcroissant.Dataset(FOLDER / "croissant.json")
    issues = dataset.metadata.ctx.issues
    assert not issues.errors, str(issues.errors)
    assert dataset.metadata.data_annotation_analysis, "no analysis of annotations"
    return f"{len(dataset.metadata.distribution)} files, {len(issues.warnings)} warnings: {sorted(issues.warnings)}"


def cyclonedx():
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = (FOLDER / "bom.json").read_text()
    errors = JsonStrictValidator(SchemaVersion.V1_7).validate_str(text)
    assert errors is None, str(errors)
    return f"{len(json.loads(text)['components'])} components"


def every_eval_ever():
    from every_eval_ever.validator import validate_file

    told = []
    files = sorted((FOLDER / "every-eval-ever").rglob("*.json"))
    assert files, "no files"
    for path in files:
        report = validate_file(path)
        assert report.valid, str(report.errors)
        told.append(f"{path.parent.name}: {len(report.warnings)} warnings")
    return ", ".join(told)


def in_toto():
    from google.protobuf.json_format import ParseDict
    from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement

    results = {}
    for line in (FOLDER / "statements.jsonl").read_text().splitlines():
        raw = json.loads(line)
        Statement.copy_from_pb(ParseDict(raw, statement_pb2.Statement())).validate()
        if raw["predicateType"].endswith("test-result/v0.1"):
            predicate = ParseDict(raw["predicate"], test_result_pb2.TestResult())
            results[predicate.result] = results.get(predicate.result, 0) + 1
    assert results, "no test results"
    return json.dumps(results)


def inspect_log():
    from inspect_ai.log import read_eval_log

    log = read_eval_log(str(FOLDER / "inspect.json"))
    assert log.results and log.results.scores, "no scores"
    return f"{log.status}, {len(log.results.scores)} scores"


def form_document(name):
    def check():
        from docx import Document

        form = json.loads((FOLDER / f"{name}.json").read_text())
        fields = [field for section in form["sections"] for field in section["fields"]]
        paragraphs = Document(FOLDER / f"{name}.docx").paragraphs
        read = [(p.style.name if p.style else "", p.text) for p in paragraphs]
        titles = [text for style, text in read if style == "Heading 2"]
        assert titles == [field["title"] for field in fields], "other fields than the form has"
        answers = [text for style, text in read if style == "List Paragraph"]
        assert len(answers) == sum(len(field["answer"]) for field in fields), "other answers than the form has"
        return f"{len(fields)} fields, {len(answers)} lines of answers"

    return check


CHECKS = {
    "hf-model-card": ("huggingface_hub", hub_model_card),
    "hf-dataset-card": ("huggingface_hub", hub_dataset_card),
    "croissant": ("mlcroissant", croissant),
    "cyclonedx": ("cyclonedx-python-lib", cyclonedx),
    "every-eval-ever": ("every-eval-ever", every_eval_ever),
    "in-toto": ("in-toto-attestation", in_toto),
    "inspect-log": ("inspect-ai", inspect_log),
    **{name: ("python-docx", form_document(name)) for name in ("eu-mdf", "eu-training-summary", "reward-report")},
}


def checked(package, check):
    try:
        found = version(package)
    except PackageNotFoundError:
        return {"package": package, "skipped": f"{package} is not installed"}
    try:
        return {"package": f"{package} {found}", "read": check()}
    except ImportError as error:
        return {"package": f"{package} {found}", "skipped": str(error)}
    except Exception as error:  # a refusal, in whichever of their words
        return {"package": f"{package} {found}", "refused": f"{type(error).__name__}: {error}"[:2000]}


print(json.dumps({name: checked(*row) for name, row in CHECKS.items()}))
