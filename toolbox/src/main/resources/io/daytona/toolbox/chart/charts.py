# Runs Python code and writes every figure that it shows to standard output, as one line of JSON
# behind a marker (toolbox protocol §2.3). The platform appends a call of run_program with the code.
# Works with Python 3.8 and newer, and matplotlib 3.1 and newer; imports it only when the code does.
import base64
import datetime
import hashlib
import importlib.machinery
import io
import json
import linecache
import math
import os
import sys
import traceback
import types
import warnings

MARKER = "dtn_artifact_k39fd2:"
FILE = "<target_code>"
DPI = 100
EPOCH = datetime.datetime(1970, 1, 1)
MAX_METADATA = 8 << 20  # characters; beyond that a chart keeps its picture only


class LineWatch:
    """Knows whether the program's output is at the beginning of a line."""

    def __init__(self):
        self.at_start = True

    def follow(self, stream):
        write = stream.write

        def watched(text):
            count = write(text)
            if text:
                self.at_start = text.endswith("\n")
            return count

        stream.write = watched


class ShownFigures:
    """Writes the open figures whenever pyplot.show is called, each picture once."""

    def __init__(self, descriptor, lines):
        self._descriptor = descriptor
        self._lines = lines
        self._seen = set()

    def hook(self, pyplot):
        from matplotlib.axes import Axes

        show, boxes = pyplot.show, Axes.bxp

        def hooked_show(*arguments, **options):
            self._write_all(pyplot)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*non-(GUI|interactive)", UserWarning)
                result = show(*arguments, **options)
            pyplot.close("all")
            return result

        def hooked_boxes(axes, statistics, *arguments, **options):
            parts = boxes(axes, statistics, *arguments, **options)
            note_boxes(axes, statistics, parts, options)
            return parts

        pyplot.show, Axes.bxp = hooked_show, hooked_boxes

    def _write_all(self, pyplot):
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            picture = io.BytesIO()
            figure.savefig(picture, format="png", dpi=DPI, bbox_inches="tight")
            identity = hashlib.sha256(picture.getvalue()).digest()
            if identity not in self._seen:
                self._seen.add(identity)
                self._write(figure, base64.b64encode(picture.getvalue()).decode("ascii"))

    def _write(self, figure, png):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about how this reads, not about the program
                chart = figure_chart(figure)
            if len(json.dumps(chart)) > MAX_METADATA:
                chart = bare_chart(figure)
        except Exception:
            chart = bare_chart(figure)  # something drawn in a way that cannot be described
        chart["png"] = png
        line = MARKER + json.dumps({"type": "chart", "value": chart}, allow_nan=False) + "\n"
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        view = memoryview((line if self._lines.at_start else "\n" + line).encode("ascii"))
        self._lines.at_start = True
        while view:
            view = view[os.write(self._descriptor, view) :]


class PyplotFinder:
    """Hooks matplotlib.pyplot right after it has been imported."""

    def __init__(self, hook):
        self._hook = hook

    def find_spec(self, name, path=None, _target=None):
        if name != "matplotlib.pyplot":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_hook(module):
            execute(module)
            self._hook(module)

        spec.loader.exec_module = execute_and_hook
        return spec


def bare_chart(figure):
    chart = {"type": "unknown", "elements": []}
    add_text(chart, "title", figure_title(figure))
    return chart


def figure_title(figure):
    title = getattr(figure, "_suptitle", None)
    return title.get_text() if title is not None else ""


def figure_chart(figure):
    """Describes a figure: its one chart, or all of them as parts."""
    figure.canvas.draw()  # ticks have their texts only afterwards
    usable = [axes for axes in figure.axes if is_usable(axes)]
    if not usable:
        return bare_chart(figure)
    if len(usable) == 1:
        chart = axes_chart(usable[0])
        if "title" not in chart:
            add_text(chart, "title", figure_title(figure))
        return chart
    chart = {"type": "composite_chart", "elements": [axes_chart(axes) for axes in usable]}
    add_text(chart, "title", figure_title(figure))
    return chart


def is_usable(axes):
    colour_bar = axes.get_label() == "<colorbar>" or hasattr(axes, "_colorbar")
    return axes.get_visible() and axes.has_data() and not colour_bar


def axes_chart(axes):
    kind = kind_of(axes)
    elements, swapped = [], False
    if kind == "pie":
        elements = pie_elements(axes)
    elif kind == "bar":
        swapped = lies(bars_of(axes)[0])
        elements = bar_elements(axes)
    elif kind == "box_and_whisker":
        swapped = axes.daytona_boxes_lie
        elements = axes.daytona_boxes
    elif kind == "scatter":
        elements = scatter_elements(axes)
    elif kind == "line":
        elements = line_elements(axes)
    chart = {"type": kind, "elements": elements}
    titles = (axes.get_title(), axes.get_title("left"), axes.get_title("right"))
    add_text(chart, "title", next((title for title in titles if title), ""))
    if kind not in ("pie", "unknown"):
        first, second = (axes.yaxis, axes.xaxis) if swapped else (axes.xaxis, axes.yaxis)
        chart.update(axis_keys("x", first))
        chart.update(axis_keys("y", second))
    return chart


def kind_of(axes):
    """The type of a chart: that of what was drawn first."""
    if getattr(axes, "name", "") == "3d":
        return "unknown"
    if getattr(axes, "daytona_boxes", None):
        return "box_and_whisker"
    bars = {id(patch) for container in bars_of(axes) for patch in container.patches}
    for artist in axes.get_children():
        name = type(artist).__name__
        if name == "Wedge":
            return "pie"
        if id(artist) in bars:
            return "bar"
        if is_scatter(artist):
            return "scatter"
        if name == "Line2D" and artist in list(axes.lines) and not is_grid(artist):
            return "line"
    return "unknown"


def bars_of(axes):
    return [
        container
        for container in axes.containers
        if type(container).__name__ == "BarContainer" and len(container.patches) > 0
    ]


def is_scatter(artist):
    # Filled contours are collections of paths too, but have no sizes.
    return type(artist).__name__ == "PathCollection" and len(artist.get_sizes()) > 0


def is_grid(line):
    x, y = [list(values) for values in (line.get_xdata(orig=False), line.get_ydata(orig=False))]
    return len(x) == 2 == len(y) and (x[0] == x[1] or y[0] == y[1])


def line_elements(axes):
    elements = []
    for line in axes.lines:
        if not is_grid(line):
            x, y = line.get_xdata(orig=False), line.get_ydata(orig=False)
            elements.append(points_element(axes, line, zip(x, y)))
    return elements


def scatter_elements(axes):
    return [
        points_element(axes, collection, collection.get_offsets())
        for collection in axes.collections
        if is_scatter(collection)
    ]


def points_element(axes, artist, pairs):
    x_is_date, y_is_date = is_date(axes.xaxis), is_date(axes.yaxis)
    points = []
    for x, y in pairs:
        x, y = number(x, x_is_date), number(y, y_is_date)
        if x is not None and y is not None:
            points.append([x, y])
    return {"label": label_of(artist), "points": points}


def bar_elements(axes):
    elements = []
    for container in bars_of(axes):
        horizontal = lies(container)
        axis = axes.yaxis if horizontal else axes.xaxis
        for bar in container.patches:
            if horizontal:
                middle, value = bar.get_y() + bar.get_height() / 2, bar.get_width()
            else:
                middle, value = bar.get_x() + bar.get_width() / 2, bar.get_height()
            elements.append(
                {
                    "label": position_label(axis, middle),
                    "group": label_of(container),
                    "value": number_text(value),  # clients take nothing but a string
                }
            )
    return elements


def lies(container):
    orientation = getattr(container, "orientation", None)
    if orientation is not None:
        return orientation == "horizontal"
    first = container.patches[0]  # matplotlib before 3.4 does not say
    return len({bar.get_x() for bar in container.patches}) == 1 and first.get_x() == 0


def pie_elements(axes):
    return [
        {
            "label": label_of(wedge),
            "angle": number(wedge.theta2 - wedge.theta1),
            "radius": number(wedge.r),
        }
        for wedge in axes.patches
        if type(wedge).__name__ == "Wedge"
    ]


def note_boxes(axes, statistics, parts, options):
    """Keeps the numbers of a box plot, which its lines do not give back."""
    lying = options.get("vert") is False or options.get("orientation") == "horizontal"
    positions = options.get("positions") or range(1, len(statistics) + 1)
    boxes = [
        {
            "label": str(box.get("label", number_text(position))),
            "min": number(box["whislo"]),
            "first_quartile": number(box["q1"]),
            "median": number(box["med"]),
            "third_quartile": number(box["q3"]),
            "max": number(box["whishi"]),
            "outliers": numbers(box.get("fliers", ())),
        }
        for box, position in zip(statistics, positions)
    ]
    boxes = [{key: value for key, value in box.items() if value is not None} for box in boxes]
    axes.daytona_boxes = getattr(axes, "daytona_boxes", []) + boxes
    axes.daytona_boxes_lie = lying


def axis_keys(name, axis):
    keys = {}
    add_text(keys, name + "_label", axis.get_label().get_text())
    dated = is_date(axis)
    pairs = [
        (number(place, dated), tick.get_text())
        for place, tick in zip(axis.get_ticklocs(), axis.get_ticklabels())
    ]
    pairs = [pair for pair in pairs if pair[0] is not None]
    keys[name + "_ticks"] = [place for place, _ in pairs]
    keys[name + "_tick_labels"] = [text for _, text in pairs]
    if dated:
        keys[name + "_scale"] = "datetime"
    else:
        keys[name + "_scale"] = "categorical" if is_categorical(pairs) else axis.get_scale()
    return keys


def is_categorical(pairs):
    """Ticks 0…n-1 with texts that are not those numbers."""
    if not pairs or [place for place, _ in pairs] != list(range(len(pairs))):
        return False
    return any(text and not says(text, place) for place, text in pairs)


def says(text, place):
    try:
        return float(text.replace("\u2212", "-")) == place
    except ValueError:
        return False


def is_date(axis):
    from matplotlib import dates

    return isinstance(axis.get_major_locator(), dates.DateLocator)


def position_label(axis, place):
    """The text at the tick that a bar stands at, or else its place."""
    if is_date(axis):
        from matplotlib import dates

        return dates.num2date(place).isoformat()
    ticks = list(zip(axis.get_ticklocs(), axis.get_ticklabels()))
    nearest = min(ticks, key=lambda tick: abs(tick[0] - place), default=None)
    if nearest is not None and nearest[1].get_text():
        categories = is_categorical([(where, tick.get_text()) for where, tick in ticks])
        reach = 0.5 if categories else 1e-9
        if abs(nearest[0] - place) <= reach:
            return nearest[1].get_text().replace("\u2212", "-")
    return number_text(place)


def number(value, dated=False):
    """A finite number as JSON has it; a date as seconds since 1970, UTC."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return None
    if dated and math.isfinite(value):
        from matplotlib import dates

        value = round((value - dates.date2num(EPOCH)) * 86400, 6)
    return value if math.isfinite(value) else None


def numbers(values):
    return [value for value in map(number, values) if value is not None]


def number_text(value):
    value = number(value)
    if value is None:
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def label_of(artist):
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else label  # what matplotlib calls the nameless


def add_text(keys, name, text):
    if text:
        keys[name] = text


def print_error(error):
    """Prints a traceback of the program's own frames."""
    summary = traceback.TracebackException(type(error), error, error.__traceback__)
    reduce(summary, set())
    sys.stderr.write("".join(summary.format()))


def reduce(summary, done):
    if summary is None or id(summary) in done:
        return
    done.add(id(summary))
    own = [frame for frame in summary.stack if frame.filename == FILE]
    summary.stack = traceback.StackSummary.from_list(own)
    reduce(summary.__cause__, done)
    reduce(summary.__context__, done)


def run_program(encoded):
    text = base64.b64decode(encoded).decode("utf-8")
    lines = LineWatch()
    for stream in (sys.stdout, sys.stderr):
        lines.follow(stream)
    figures = ShownFigures(os.dup(1), lines)
    sys.meta_path.insert(0, PyplotFinder(figures.hook))
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("MPLBACKEND", "Agg")  # no search for a screen
    linecache.cache[FILE] = (len(text), None, text.splitlines(True), FILE)
    program = types.ModuleType("__main__")
    program.__dict__["__builtins__"] = __builtins__
    globals()["own_module"] = sys.modules["__main__"]  # else these functions lose their names
    sys.modules["__main__"] = program
    try:
        exec(compile(text, FILE, "exec", dont_inherit=True), program.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        print_error(error)
        sys.exit(1)
