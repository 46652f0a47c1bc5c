#!/bin/sh
# Compiles LaTeX documents: check_latex.sh FILE.tex… Fails when one does not compile, or has a line that is much too wide
# (20 pt). Returns 77 where there is no LaTeX.
command -v pdflatex > /dev/null || {
    echo "skipped: no pdflatex (Debian: texlive-latex-recommended)"
    exit 77
}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
for file in "$@"; do
    name=$(basename "$file" .tex)
    if ! pdflatex -interaction=nonstopmode -halt-on-error -output-directory="$folder" "$file" > "$folder/out" 2>&1; then
        grep -A 3 '^!' "$folder/out"
        echo "failed: $file does not compile"
        exit 1
    fi
    if [ ! -s "$folder/$name.pdf" ] || grep -E 'Overfull .hbox \(([2-9][0-9]|[0-9]{3,})\.' "$folder/out"; then
        echo "failed: $file gives no pages, or lines that are too wide"
        exit 1
    fi
    echo "$file: $(grep -o 'Output written on.*' "$folder/out" | grep -o '([0-9]* page[s]*')"
done
