/** The whole endpoint table of the Toolbox API. */
@NullMarked
package io.daytona.toolbox.table;

import org.jspecify.annotations.NullMarked;
