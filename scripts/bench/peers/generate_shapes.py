"""Workflows as they are published, by wfcommons: tasks with their seconds and what they need, as JSON."""

import json
import random
import sys

import numpy
from wfcommons import WorkflowGenerator
from wfcommons.wfchef import recipes

RECIPES = {
    "montage": recipes.MontageRecipe,
    "epigenomics": recipes.EpigenomicsRecipe,
    "genome1000": recipes.GenomeRecipe,
    "cycles": recipes.CyclesRecipe,
    "soykb": recipes.SoykbRecipe,
    "srasearch": recipes.SrasearchRecipe,
    "blast": recipes.BlastRecipe,
    "bwa": recipes.BwaRecipe,
    "seismology": recipes.SeismologyRecipe,
}


def generate(recipe, tasks):
    random.seed(0)
    numpy.random.seed(0)
    graph = WorkflowGenerator(recipe.from_num_tasks(tasks)).build_workflow()
    return {
        name: {"seconds": data["task"].runtime, "needs": sorted(graph.predecessors(name))}
        for name, data in graph.nodes(data=True)
    }


if __name__ == "__main__":
    json.dump({name: generate(recipe, int(sys.argv[1])) for name, recipe in RECIPES.items()}, sys.stdout)
