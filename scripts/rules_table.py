#!/usr/bin/env python3
"""Runs `tapegrad rules` over conventions, depths, activations and costs, right and with every kind of planted error, and
prints what was proved as a table in Markdown.

    scripts/rules_table.py build/tapegrad [--depth 6] [--plants]
"""
import argparse
import collections
import json
import subprocess

CONVENTIONS = ["vector", "jacobian", "delta", "rows", "columns"]
ACTIVATIONS = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "sin"]
COSTS = ["quadratic", "l1", "huber", "logistic", "hinge", "cross_entropy", "binary_cross_entropy"]
SIZES = "4,5,3,6,4,5,3"


def rules(command, *arguments):
    done = subprocess.run([command, "rules", "--json", *arguments], capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"{' '.join(done.args)}: {done.stderr}")
    return done.returncode, json.loads(done.stdout)


def layers(depth):
    return ",".join(SIZES.split(",")[: depth + 1])


def table(command, deepest):
    print("| convention | depths | networks | equations | proved | not decided | refuted | largest ulp |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    undecided = []
    for convention in CONVENTIONS:
        count = collections.Counter()
        worst = 0.0
        for depth in range(1, deepest + 1):
            for activation in ACTIVATIONS:
                for cost in COSTS:
                    where = ["--layers", layers(depth), "--activation", activation, "--cost", cost]
                    _, answer = rules(command, convention, *where)
                    found = answer["conventions"][0]
                    count["networks"] += 1
                    for claim in found["errors"] + found["parameters"]:
                        count[claim["verdict"]] += 1
                        worst = max(worst, claim["max_ulp"])
                        if claim["verdict"] != "proved":
                            undecided.append(f"{convention} {' '.join(where)} {claim['name']}: {claim['verdict']}")
        equations = count["proved"] + count["undecided"] + count["refuted"]
        print(f"| {convention} | 1 to {deepest} | {count['networks']} | {equations} | {count['proved']} "
              f"| {count['undecided']} | {count['refuted']} | {worst:.3g} |", flush=True)
    for line in undecided:
        print(line)


def plants(command, deepest):
    print("| convention | kinds | planted | refuted |")
    print("| --- | --- | --- | --- |")
    survivors = []
    for convention in CONVENTIONS:
        kinds, planted, refuted = set(), 0, 0
        for depth in range(2, deepest + 1):
            for activation, cost in [("sigmoid", "quadratic"), ("tanh", "huber"), ("relu", "cross_entropy"),
                                     ("silu", "quadratic"), ("elu", "binary_cross_entropy"), ("gelu", "logistic")]:
                where = [convention, "--layers", layers(depth), "--activation", activation, "--cost", cost]
                listed = subprocess.run([command, "rules", *where, "--plant", "list"], capture_output=True, text=True)
                for kind in listed.stdout.split():
                    for at in range(1, depth + 1):
                        done = subprocess.run([command, "rules", *where, "--plant", kind, "--at", str(at), "--json"],
                                              capture_output=True, text=True)
                        if done.returncode == 2:
                            continue  # not possible at this layer
                        kinds.add(kind)
                        planted += 1
                        refuted += done.returncode == 1
                        if done.returncode != 1:
                            survivors.append(" ".join(done.args[1:]))
        print(f"| {convention} | {len(kinds)} | {planted} | {refuted} |", flush=True)
    for line in survivors:
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command")
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--plants", action="store_true", help="plant every kind of error at every layer, depths 2 to 3")
    arguments = parser.parse_args()
    if arguments.plants:
        plants(arguments.command, min(arguments.depth, 3))
    else:
        table(arguments.command, arguments.depth)


if __name__ == "__main__":
    main()
