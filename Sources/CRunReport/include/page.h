/// The page that shows a run: the files of Sources/CRunReport/page, embedded in the program.

#ifndef CRUNREPORT_PAGE_H
#define CRUNREPORT_PAGE_H

#include <stddef.h>

/// Text that does not end with a NUL.
struct poolmap_page_text {
    const char *bytes;
    size_t count;
};

/// report.html, with comments in place of the style, the data and the script.
struct poolmap_page_text poolmap_page_html(void);

struct poolmap_page_text poolmap_page_style(void);

/// All scripts, one after the other.
struct poolmap_page_text poolmap_page_script(void);

#endif
