/** Charts that Python code draws with matplotlib (toolbox protocol §2.3). */
@NullMarked
package io.daytona.toolbox.chart;

import org.jspecify.annotations.NullMarked;
