package io.daytona.toolbox.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The code that runs under the wrapper (toolbox protocol §2.3). */
class ChartProgramTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "import matplotlib",
        "import matplotlib.pyplot as plt",
        "x = 1\n  import numpy as np, matplotlib.pyplot as plt",
        "import numpy as np , os.path,\tmatplotlib",
        "from matplotlib import pyplot",
        "import os; from matplotlib.pyplot import show",
        "__import__('matplotlib.pyplot')",
        "importlib.import_module(\"matplotlib.pyplot\")",
        "loader.load_module('matplotlib')",
        "plt = sys.modules['matplotlib'].pyplot",
      })
  void codeThatImportsMatplotlib(String code) {
    assertEquals(true, ChartProgram.mayDraw(code));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "print(1)",
        "print('matplotlib')",
        "# import matplotlib",
        "x = 1 # from matplotlib import pyplot",
        "import matplotlibx",
        "matplotlib = 1",
        "import matplotlibx, numpy",
        "import a.matplotlib",
      })
  void codeThatDoesNot(String code) {
    assertEquals(false, ChartProgram.mayDraw(code));
  }

  @Test
  void aLongListIsNotTooMuch() {
    assertEquals(false, ChartProgram.mayDraw("matplotlib\nimport " + "a,".repeat(200_000)));
    assertEquals(true, ChartProgram.mayDraw("import " + "a,".repeat(100) + "matplotlib"));
  }
}
