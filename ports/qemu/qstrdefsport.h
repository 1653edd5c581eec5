// SPDX-License-Identifier: MIT
// Names that are not C identifiers, for the table of interned strings.
Q(/lib)
