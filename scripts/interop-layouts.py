"""The other side of scripts/interop-layouts.ts: requests as JSON on standard input, answers on standard output.

A request names a file that was written here and the tool that is to read it, or a file that the tool is to write. An answer
says what the tool found: rows, or what it refused. The first line of the answer says which versions answered.
"""

import importlib.metadata
import json
import os
import sys
import uuid

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", ARGILLA_ENABLE_TELEMETRY="0")


def datasets_read(request):
    import datasets

    kind = {"jsonl": "json", "json": "json", "csv": "csv", "parquet": "parquet"}[request["container"]]
    data = datasets.load_dataset(kind, data_files=request["file"], split="train", cache_dir=request["cache"])
    return {"rows": len(data), "columns": sorted(data.column_names)}


def trl_read(request):
    """What TRL's trainers do to a row before they tokenise it."""
    import datasets
    from trl import data_utils

    data = datasets.load_dataset("json", data_files=request["file"], split="train", cache_dir=request["cache"])
    conversational = data_utils.is_conversational(data[0])
    if request["layout"] == "trl-preference":
        data = data.map(data_utils.maybe_extract_prompt, load_from_cache_file=False)
        pairs = [[row["prompt"], row["chosen"], row["rejected"]] for row in data]
        unpaired = data_utils.unpair_preference_dataset(data.select_columns(["prompt", "chosen", "rejected"]))
        return {"rows": len(data), "conversational": conversational, "texts": pairs, "unpaired": len(unpaired)}
    completions = [[row["prompt"], row.get("completion", row.get("completions"))] for row in data]
    return {"rows": len(data), "conversational": conversational, "texts": completions}


def argilla_read(request):
    from argilla.records._io import JsonIO

    records = JsonIO._records_from_json(request["file"])
    again = [record.to_dict() for record in records]
    return {"rows": len(records), "records": again}


def argilla_write(request):
    import argilla
    from argilla.records._io import JsonIO

    user = uuid.UUID(int=7)
    texts = {"prompt": "Say hello.", "response_1": "Hello 🚢 there", "response_2": "Go away"}
    answers = [
        ("preference", "response_1"),
        ("ranking", ["response_2", "response_1"]),
        ("quality_response_2", 3),
        ("label_response_1", "polite"),
        ("tags_response_2", ["rude", "short"]),
        ("comment_response_1", "Short, and right in every way that one could wish for."),
        ("spans_response_1", [{"start": 8, "end": 13, "label": "place"}]),
    ]
    responses = [argilla.Response(name, value, user_id=user) for name, value in answers]
    record = argilla.Record(id="r1", fields=texts, responses=responses, metadata={"topic": "manners"})
    JsonIO.to_json([record], request["file"])
    return {"rows": 1}


def config_of(tasks):
    """A labelling configuration with the tags that the results of some tasks name."""
    names = {name for task in tasks for name in task["data"] if name != "item_id"}
    objects = [f'<List name="{n}" value="${n}"/>' if n == "replies" else f'<Text name="{n}" value="${n}"/>' for n in sorted(names)]
    controls = {}
    for task in tasks:
        for annotation in task["annotations"]:
            for result in annotation["result"]:
                known = controls.setdefault(result["from_name"], (result["type"], result["to_name"], set()))
                value = result["value"]
                known[2].update(value.get("choices") or value.get("labels") or [])
    made = []
    for name, (kind, to, labels) in sorted(controls.items()):
        tag = {"pairwise": "Pairwise", "ranker": "Ranker", "rating": "Rating", "choices": "Choices", "textarea": "TextArea", "labels": "Labels"}[kind]
        child = {"Choices": "Choice", "Labels": "Label"}.get(tag)
        inner = "".join(f'<{child} value="{label}"/>' for label in sorted(labels)) if child else ""
        more = ' maxRating="10"' if tag == "Rating" else ' choice="multiple"' if tag == "Choices" else ""
        made.append(f'<{tag} name="{name}" toName="{to}"{more}>{inner}</{tag}>')
    return "<View>" + "".join(objects + made) + "</View>"


def label_studio_read(request):
    from label_studio_sdk.label_interface import LabelInterface

    with open(request["file"]) as file:
        tasks = json.load(file)
    refused = []
    for task in tasks:
        # One project has one form; here every task brings the tags that it needs.
        interface = LabelInterface(config_of([task]))
        for annotation in task["annotations"]:
            # The check knows one text a result; a form and its exports name several with commas between them.
            alone = [{**r, "to_name": name} for r in annotation["result"] for name in r["to_name"].split(",")]
            errors = interface.validate_prediction({"result": alone}, return_errors=True)
            refused += [f"{[result['type'] for result in annotation['result']]}: {error}" for error in errors]
    return {"rows": len(tasks), "refused": refused}


def label_studio_sample(request):
    """An annotation as the tool itself makes a sample of it; tags of two texts and of regions as its exports have them."""
    from label_studio_sdk.label_interface import LabelInterface

    config = (
        '<View><Text name="prompt" value="$prompt"/><Text name="text_a" value="$text_a"/><Text name="text_b" value="$text_b"/>'
        '<Rating name="stars_text_b" toName="text_b" maxRating="5"/>'
        '<Choices name="tone" toName="text_a"><Choice value="kind"/><Choice value="cold"/></Choices>'
        '<TextArea name="comment" toName="text_b"/></View>'
    )
    interface = LabelInterface(config)
    annotation = interface.generate_sample_annotation()
    data = {"prompt": "Say hello.", "text_a": "Hello 🚢 there", "text_b": "Go away", "topic": "manners"}
    results = annotation["result"]
    pair, region = {"selected": "right"}, {"start": 6, "end": 7, "text": "🚢", "labels": ["place"]}
    results.append({"type": "pairwise", "from_name": "better", "to_name": "text_a,text_b", "value": pair})
    results.append({"type": "labels", "from_name": "marks", "to_name": "text_a", "value": region})
    with open(request["file"], "w") as file:
        json.dump([{"id": 1, "data": data, "annotations": [{"id": 2, "completed_by": 3, "result": results}]}], file)
    return {"rows": 1, "types": sorted(result["type"] for result in results)}


WHAT = {f.__name__: f for f in (datasets_read, trl_read, argilla_read, argilla_write, label_studio_read, label_studio_sample)}


def safely(request):
    try:
        return WHAT[request["do"]](request)
    except Exception as error:  # Every request gets its own answer.
        return {"fault": f"{type(error).__name__}: {str(error)[:300]}"}


def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


answers = [safely(request) for request in json.load(sys.stdin)]
versions = {name: version(name) for name in ("datasets", "trl", "argilla", "label-studio-sdk")}
print("\n" + json.dumps({"versions": versions, "answers": answers}))
