// Functions lists the functions of Go packages that mention a word, one JSON object a line.
//
//	functions PATTERN IMPORTPATH=FOLDER...
//
// A mention is an identifier, a string or a comment that matches the pattern. What a condition that
// mentions a word decides is listed as well, by its lines: all of a function whose name is one.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

type function struct {
	File     string   `json:"file"`
	Name     string   `json:"name"`
	First    int      `json:"first"`
	Last     int      `json:"last"`
	Mentions []int    `json:"mentions"`
	Decided  [][2]int `json:"decided"`
}

func main() {
	words := regexp.MustCompile(os.Args[1])
	output := json.NewEncoder(os.Stdout)
	for _, pair := range os.Args[2:] {
		importPath, folder, _ := strings.Cut(pair, "=")
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			fail(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			positions := token.NewFileSet()
			parsed, err := parser.ParseFile(positions, file, nil, parser.ParseComments)
			if err != nil {
				fail(err)
			}
			for _, found := range functions(parsed, positions, words) {
				found.File = path.Join(importPath, filepath.Base(file))
				if err := output.Encode(found); err != nil {
					fail(err)
				}
			}
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func functions(file *ast.File, positions *token.FileSet, words *regexp.Regexp) []function {
	line := func(at token.Pos) int { return positions.Position(at).Line }
	var found []function
	for _, declared := range file.Decls {
		body, is := declared.(*ast.FuncDecl)
		if !is || body.Body == nil {
			continue
		}
		one := function{
			Name:    name(body),
			First:   line(body.Pos()),
			Last:    line(body.End()),
			Decided: [][2]int{},
		}
		for _, at := range mentions(body, words) {
			one.Mentions = append(one.Mentions, line(at))
		}
		for _, group := range file.Comments {
			if group.Pos() >= start(body) && group.End() <= body.End() {
				for _, comment := range group.List {
					if words.MatchString(comment.Text) {
						one.Mentions = append(one.Mentions, line(comment.Pos()))
					}
				}
			}
		}
		if one.Mentions == nil {
			continue
		}
		if words.MatchString(one.Name) {
			one.Decided = append(one.Decided, [2]int{one.First, one.Last})
		}
		ast.Inspect(body, func(node ast.Node) bool {
			for _, decided := range decisions(node, words) {
				one.Decided = append(one.Decided, [2]int{line(decided.Pos()), line(decided.End())})
			}
			return true
		})
		found = append(found, one)
	}
	return found
}

// start is where the comment before a function begins.
func start(declared *ast.FuncDecl) token.Pos {
	if declared.Doc != nil {
		return declared.Doc.Pos()
	}
	return declared.Pos()
}

// name is that of a function, or that of a method behind its receiver: (*manager).Start.
func name(declared *ast.FuncDecl) string {
	if declared.Recv == nil || len(declared.Recv.List) == 0 {
		return declared.Name.Name
	}
	receiver, before := declared.Recv.List[0].Type, ""
	if pointer, is := receiver.(*ast.StarExpr); is {
		receiver, before = pointer.X, "*"
	}
	if generic, is := receiver.(*ast.IndexExpr); is {
		receiver = generic.X
	}
	kind, _ := receiver.(*ast.Ident)
	return fmt.Sprintf("(%s%v).%s", before, kind, declared.Name.Name)
}

// mentions are the identifiers and strings below a node that match.
func mentions(node ast.Node, words *regexp.Regexp) []token.Pos {
	var found []token.Pos
	ast.Inspect(node, func(node ast.Node) bool {
		switch leaf := node.(type) {
		case *ast.Ident:
			if words.MatchString(leaf.Name) {
				found = append(found, leaf.Pos())
			}
		case *ast.BasicLit:
			if leaf.Kind == token.STRING && words.MatchString(leaf.Value) {
				found = append(found, leaf.Pos())
			}
		}
		return true
	})
	return found
}

// decisions are the statements that depend on a condition which mentions a word.
func decisions(node ast.Node, words *regexp.Regexp) []ast.Node {
	speaks := func(conditions ...ast.Node) bool {
		for _, condition := range conditions {
			if len(mentions(condition, words)) > 0 {
				return true
			}
		}
		return false
	}
	switch statement := node.(type) {
	case *ast.IfStmt:
		// What is declared before the condition belongs to it: if x := f(); x { ... }
		if speaks(statement.Cond) || statement.Init != nil && speaks(statement.Init) {
			if statement.Else != nil {
				return []ast.Node{statement.Body, statement.Else}
			}
			return []ast.Node{statement.Body}
		}
	case *ast.ForStmt:
		if statement.Cond != nil && speaks(statement.Cond) {
			return []ast.Node{statement.Body}
		}
	case *ast.RangeStmt:
		if speaks(statement.X) {
			return []ast.Node{statement.Body}
		}
	case *ast.CaseClause:
		for _, condition := range statement.List {
			if speaks(condition) {
				return []ast.Node{statement}
			}
		}
	}
	return nil
}
