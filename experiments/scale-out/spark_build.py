"""Builds a corpus with Spark: each task reads and cleans one partition of the files with `jove`, then one process does the rest.

    spark-submit spark_build.py --jove jove --recipe zh-corpus.toml --partitions 64 -- --set data.root=/shared/data

All machines must see the data, the recipe and the recipe's `output` under the same paths. A task that dies is started again by Spark, and
does only what was not finished; a task that runs twice writes the same bytes. Needs `pyspark`.
"""

import argparse
import subprocess
import sys


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jove", required=True, help="the program, on every machine")
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1, help="of each task; as many as spark.task.cpus")
    parser.add_argument("rest", nargs="*", help="what else `jove corpus build` is given")
    return parser.parse_args()


def command(options, *more):
    return [options.jove, "corpus", "build", options.recipe, "--quiet", "--threads", str(options.threads), *options.rest, *more]


def clean(options, number):
    """Does one partition; an error makes Spark start the task again."""
    done = subprocess.run(command(options, "--partition", f"{number}/{options.partitions}"), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"partition {number} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


def main():
    from pyspark.sql import SparkSession

    options = arguments()
    session = SparkSession.builder.appName("jove corpus").getOrCreate()
    numbers = session.sparkContext.parallelize(range(options.partitions), options.partitions)
    for line in numbers.map(lambda number: clean(options, number)).collect():
        print(line)
    session.stop()
    # Duplicates are found among all documents: one machine, on fingerprints, not on texts.
    sys.exit(subprocess.run(command(options)).returncode)


if __name__ == "__main__":
    main()
