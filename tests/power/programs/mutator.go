// Mutator finds places in Go code that speak of something, and the change to make in each.
//
//	mutator list WORDS FILE...      prints the places of files as JSON
//	mutator write FILE START END    prints the file with these bytes replaced by standard input
//
// Whether code speaks of something is said by its heads: the package clause of a file, the name,
// receiver and signature of a function, what an if, for, switch or case decides by. A head speaks
// for all that it holds, any other statement for itself only.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// The ways to change a place.
const (
	negated  = "condition negated"
	removed  = "branch removed"
	dropped  = "statement dropped"
	moved    = "constant moved"
	reversed = "order reversed"
)

// Place is one change that can be made: bytes Start to End of File become Text.
type Place struct {
	File     string `json:"file"`
	Function string `json:"function"`
	Kind     string `json:"kind"`
	Line     int    `json:"line"`
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Before   string `json:"before"`
	Text     string `json:"text"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutator:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	switch {
	case len(words) > 1 && words[0] == "list":
		return list(words[1], words[2:])
	case len(words) == 4 && words[0] == "write":
		return write(words[1], words[2], words[3])
	}
	return fmt.Errorf("usage: mutator list WORDS FILE... | mutator write FILE START END")
}

func list(words string, files []string) error {
	speaks, err := regexp.Compile(words)
	if err != nil {
		return err
	}
	places := []Place{}
	for _, file := range files {
		found, err := placesOf(file, speaks)
		if err != nil {
			return err
		}
		places = append(places, found...)
	}
	return json.NewEncoder(os.Stdout).Encode(places)
}

func write(file, start, end string) error {
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	from, err := strconv.Atoi(start)
	if err != nil {
		return err
	}
	to, err := strconv.Atoi(end)
	if err != nil {
		return err
	}
	if from < 0 || to < from || to > len(source) {
		return fmt.Errorf("%s has no bytes %d to %d", file, from, to)
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	changed := bytes.Join([][]byte{source[:from], text, source[to:]}, nil)
	formatted, err := format.Source(changed)
	if err != nil {
		return err
	}
	// A file that is not formatted would change in other places as well.
	if plain, err := format.Source(source); err == nil && bytes.Equal(plain, source) {
		changed = formatted
	}
	_, err = os.Stdout.Write(changed)
	return err
}

func placesOf(file string, speaks *regexp.Regexp) ([]Place, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(parsed) {
		return nil, nil
	}
	found := &finder{file: file, source: source, set: set, words: speaks, stay: map[ast.Stmt]bool{}}
	scope := scope{finder: found, speaks: speaks.MatchString("package " + parsed.Name.Name)}
	for _, declaration := range parsed.Decls {
		ast.Walk(scope, declaration)
	}
	return found.places, nil
}

// finder collects the places of one file.
type finder struct {
	file   string
	source []byte
	set    *token.FileSet
	words  *regexp.Regexp
	stay   map[ast.Stmt]bool
	places []Place
}

func (f *finder) offset(at token.Pos) int { return f.set.Position(at).Offset }

func (f *finder) between(start, end token.Pos) string {
	return string(f.source[f.offset(start):f.offset(end)])
}

func (f *finder) text(node ast.Node) string { return f.between(node.Pos(), node.End()) }

// mentioned tells whether the text of a node has one of the words, bodies of functions left out.
func (f *finder) mentioned(nodes ...ast.Node) bool {
	for _, node := range nodes {
		text, at := "", node.Pos()
		ast.Inspect(node, func(inner ast.Node) bool {
			if literal, ok := inner.(*ast.FuncLit); ok {
				text += f.between(at, literal.Body.Pos())
				at = literal.Body.End()
				return false
			}
			return true
		})
		if f.words.MatchString(text + f.between(at, node.End())) {
			return true
		}
	}
	return false
}

// scope is what is known at a node: the function that holds it, and whether a head has spoken.
type scope struct {
	*finder
	function string
	speaks   bool
}

func (s scope) add(kind string, start, end token.Pos, text string) {
	s.places = append(s.places, Place{
		File: s.file, Function: s.function, Kind: kind,
		Line:  s.set.Position(start).Line,
		Start: s.offset(start), End: s.offset(end),
		Before: s.between(start, end), Text: text,
	})
}

// Visit adds the places of a node and returns the scope of what it holds.
func (s scope) Visit(node ast.Node) ast.Visitor {
	switch node := node.(type) {
	case *ast.FuncDecl:
		if node.Body == nil {
			return nil
		}
		s.function = nameOf(node)
		s.speaks = s.speaks || s.words.MatchString(s.between(node.Pos(), node.Body.Pos()))
		s.end(node.Type, node.Body)
		s.walk(node.Body)
		return nil
	case *ast.FuncLit:
		s.end(node.Type, node.Body)
	case *ast.BlockStmt:
		s.statements(node.List)
	case *ast.CommClause:
		s.statements(node.Body)
	case *ast.CaseClause: // of a switch by type
		s.clause(node, false)
		return nil
	case *ast.IfStmt:
		s.branch(node)
		return nil
	case *ast.ForStmt:
		s.loop(node)
		return nil
	case *ast.RangeStmt:
		s.speaks = s.speaks || s.mentioned(present(node.Key, node.Value, node.X)...)
		s.reverseRange(node)
	case *ast.SwitchStmt:
		s.speaks = s.speaks || s.mentioned(present(node.Init, node.Tag)...)
		for _, clause := range node.Body.List {
			s.clause(clause.(*ast.CaseClause), node.Tag == nil)
		}
		s.walk(present(node.Init, node.Tag)...)
		return nil
	case *ast.ExprStmt, *ast.AssignStmt, *ast.ReturnStmt, *ast.GoStmt, *ast.DeferStmt,
		*ast.ValueSpec, *ast.SendStmt:
		s.speaks = s.speaks || s.mentioned(node)
		if result, ok := node.(*ast.ReturnStmt); ok {
			s.results(result)
		}
	case *ast.CallExpr:
		if ofNoConcern(node) {
			return nil
		}
		s.reverseAppend(node)
	case *ast.BinaryExpr:
		s.moveBound(node)
	case *ast.IndexExpr, *ast.SliceExpr, *ast.ArrayType, *ast.ImportSpec, *ast.TypeSpec:
		return nil
	case *ast.SelectorExpr:
		s.walk(node.X)
		return nil
	case *ast.KeyValueExpr: // a key may be called true, but it is no constant to move
		s.walk(node.Value)
		return nil
	case *ast.BasicLit, *ast.Ident:
		s.moveConstant(node.(ast.Expr))
	}
	return s
}

func (s scope) walk(nodes ...ast.Node) {
	for _, node := range nodes {
		ast.Walk(s, node)
	}
}

// end remembers the statement that returns a function's results at its end: it cannot go.
func (s scope) end(signature *ast.FuncType, body *ast.BlockStmt) {
	if signature.Results != nil && len(body.List) > 0 {
		s.stay[body.List[len(body.List)-1]] = true
	}
}

// only remembers a statement that is all of a branch: to drop it is to remove the branch.
func (s scope) only(body []ast.Stmt) {
	if len(body) == 1 {
		s.stay[body[0]] = true
	}
}

// branch adds the places of an if. One that is entered for an error alone has none, nor has its
// body: no cluster shows such faults.
func (s scope) branch(node *ast.IfStmt) {
	if s.isError(node.Cond) {
		s.walk(present(node.Init, node.Else)...)
		return
	}
	s.speaks = s.speaks || s.mentioned(present(node.Init, node.Cond)...)
	if s.speaks {
		s.negate(node.Cond)
		s.add(removed, node.Cond.Pos(), node.Cond.End(), "false && ("+s.text(node.Cond)+")")
		if node.Else == nil {
			s.only(node.Body.List)
		}
		if other, ok := node.Else.(*ast.BlockStmt); ok && len(other.List) > 0 {
			s.only(other.List)
			s.add(removed, other.Pos(), other.End(), "{\nif false "+s.text(other)+"\n}")
		}
	}
	s.walk(present(node.Init, node.Cond, node.Body, node.Else)...)
}

// clause adds the places of a case. Where the switch has no tag its expressions are conditions.
func (s scope) clause(node *ast.CaseClause, conditions bool) {
	for _, expression := range node.List {
		s.speaks = s.speaks || s.mentioned(expression)
	}
	if s.speaks && len(node.Body) > 0 {
		s.only(node.Body)
		first, last := node.Body[0].Pos(), node.Body[len(node.Body)-1].End()
		s.add(removed, first, last, "if false {\n"+s.between(first, last)+"\n}")
	}
	for _, expression := range node.List {
		if conditions && s.speaks {
			s.negate(expression)
		}
		s.walk(expression)
	}
	s.statements(node.Body)
	for _, statement := range node.Body {
		s.walk(statement)
	}
}

// negate adds the negation of a condition, and of each operand where it has several.
func (s scope) negate(node ast.Expr) {
	s.add(negated, node.Pos(), node.End(), s.not(node))
	if both, ok := unwrapped(node).(*ast.BinaryExpr); ok && isLogical(both.Op) {
		for _, operand := range []ast.Expr{both.X, both.Y} {
			if !s.isError(operand) {
				s.negate(operand)
			}
		}
	}
}

// not returns the text of a negated condition.
func (s scope) not(node ast.Expr) string {
	switch node := node.(type) {
	case *ast.UnaryExpr:
		if node.Op == token.NOT {
			return s.text(node.X)
		}
	case *ast.BinaryExpr:
		if opposite, ok := opposites[node.Op]; ok {
			return s.between(node.X.Pos(), node.OpPos) + opposite +
				s.between(node.OpPos+token.Pos(len(node.Op.String())), node.End())
		}
	case *ast.CallExpr, *ast.Ident, *ast.IndexExpr, *ast.SelectorExpr:
		return "!" + s.text(node)
	}
	return "!(" + s.text(node) + ")"
}

// results negates what a function returns where it is a condition.
func (s scope) results(node *ast.ReturnStmt) {
	for _, result := range node.Results {
		if s.speaks && isCondition(result) && !s.isError(result) {
			s.negate(result)
		}
	}
}

// statements adds what can be dropped of a list, and calls that can change places.
func (s scope) statements(list []ast.Stmt) {
	for i, statement := range list {
		if !s.speaks && !s.mentioned(statement) {
			continue
		}
		if canGo(statement) && !s.stay[statement] {
			s.add(dropped, statement.Pos(), statement.End(), "if false {\n"+s.text(statement)+"\n}")
		}
		if i+1 < len(list) && isCall(statement) && isCall(list[i+1]) {
			next := list[i+1]
			s.add(reversed, statement.Pos(), next.End(),
				s.text(next)+s.between(statement.End(), next.Pos())+s.text(statement))
		}
	}
}

// loop adds the places of a for with a counter: it can count the other way round.
func (s scope) loop(node *ast.ForStmt) {
	s.speaks = s.speaks || s.mentioned(present(node.Init, node.Cond, node.Post)...)
	if counter, from, ok := counterOf(node.Init); ok && s.speaks && uses(node.Body, counter) {
		condition, isBinary := node.Cond.(*ast.BinaryExpr)
		step, isStep := node.Post.(*ast.IncDecStmt)
		if isBinary && isStep && s.text(condition.X) == counter {
			start, limit := s.text(from), s.text(condition.Y)
			switch {
			case step.Tok == token.INC && condition.Op == token.LSS && start == "0":
				s.add(reversed, node.Init.Pos(), node.Post.End(),
					fmt.Sprintf("%s := %s - 1; %s >= 0; %s--", counter, limit, counter, counter))
			case step.Tok == token.DEC && condition.Op == token.GEQ && limit == "0":
				s.add(reversed, node.Init.Pos(), node.Post.End(),
					fmt.Sprintf("%s := 0; %s <= %s; %s++", counter, counter, start, counter))
			}
		}
	}
	s.walk(node.Body)
}

// reverseRange makes a loop over a list begin at its end. What is no list does not compile.
func (s scope) reverseRange(node *ast.RangeStmt) {
	if !s.speaks || node.Tok != token.DEFINE || !isOrdered(node.Body) {
		return
	}
	switch unwrapped(node.X).(type) {
	case *ast.Ident, *ast.SelectorExpr:
	default:
		return
	}
	index := "mutantIndex"
	if name := node.Key.(*ast.Ident).Name; name != "_" {
		if node.Value != nil && !isIndex[name] { // the keys of a map, more likely
			return
		}
		index = name
	}
	all, value := s.text(node.X), ""
	if node.Value != nil && s.text(node.Value) != "_" {
		value = fmt.Sprintf("\n%s := %s[%s]", s.text(node.Value), all, index)
	}
	head := fmt.Sprintf("for %s := len(%s) - 1; %s >= 0; %s-- {%s", index, all, index, index, value)
	s.add(reversed, node.Pos(), node.Body.Lbrace+1, head)
}

// reverseAppend puts the second of two lists first.
func (s scope) reverseAppend(node *ast.CallExpr) {
	if name, ok := node.Fun.(*ast.Ident); !ok || name.Name != "append" || !s.speaks {
		return
	}
	if len(node.Args) != 2 || !node.Ellipsis.IsValid() {
		return
	}
	s.add(reversed, node.Pos(), node.End(),
		fmt.Sprintf("append(%s, %s...)", s.text(node.Args[1]), s.text(node.Args[0])))
}

// moveBound makes a bound belong to the other side.
func (s scope) moveBound(node *ast.BinaryExpr) {
	if other, ok := bounds[node.Op]; ok && s.speaks {
		s.add(moved, node.Pos(), node.End(), s.between(node.X.Pos(), node.OpPos)+other+
			s.between(node.OpPos+token.Pos(len(node.Op.String())), node.End()))
	}
}

// moveConstant makes a number greater by one, and true false.
func (s scope) moveConstant(node ast.Expr) {
	if !s.speaks {
		return
	}
	switch node := node.(type) {
	case *ast.BasicLit:
		if node.Kind == token.INT {
			s.add(moved, node.Pos(), node.End(), "("+node.Value+" + 1)")
		}
	case *ast.Ident:
		if other, ok := truths[node.Name]; ok {
			s.add(moved, node.Pos(), node.End(), other)
		}
	}
}

// isError tells whether a condition is that there is an error.
func (s scope) isError(node ast.Expr) bool {
	comparison, ok := unwrapped(node).(*ast.BinaryExpr)
	return ok && comparison.Op == token.NEQ && s.text(comparison.Y) == "nil" &&
		strings.Contains(strings.ToLower(s.text(comparison.X)), "err")
}

var (
	opposites = map[token.Token]string{
		token.EQL: "!=", token.NEQ: "==", token.LSS: ">=", token.GEQ: "<", token.GTR: "<=",
		token.LEQ: ">",
	}
	bounds = map[token.Token]string{
		token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">",
	}
	truths  = map[string]string{"true": "false", "false": "true"}
	isIndex = map[string]bool{"i": true, "idx": true, "index": true, "j": true}
	// Receivers and packages of calls that no user of a pod sees anything of.
	unseen = map[string]bool{
		"klog": true, "log": true, "metrics": true, "otelSpan": true, "span": true,
		"tracer": true, "utilruntime": true,
	}
	// Without these a program is wrong at random, which is no answer.
	left = map[string]bool{
		"panic": true, "make": true, "Lock": true, "Unlock": true, "RLock": true, "RUnlock": true,
	}
)

func isLogical(operator token.Token) bool {
	return operator == token.LAND || operator == token.LOR
}

func isCondition(node ast.Expr) bool {
	switch node := unwrapped(node).(type) {
	case *ast.UnaryExpr:
		return node.Op == token.NOT
	case *ast.BinaryExpr:
		_, compares := opposites[node.Op]
		return compares || isLogical(node.Op)
	}
	return false
}

// canGo tells whether a statement can be dropped: it declares nothing, and a user may see it gone.
func canGo(statement ast.Stmt) bool {
	switch statement := statement.(type) {
	case *ast.AssignStmt:
		name, ok := statement.Lhs[0].(*ast.Ident)
		blank := ok && name.Name == "_" && len(statement.Lhs) == 1
		return statement.Tok != token.DEFINE && !blank
	case *ast.ExprStmt:
		return isCall(statement)
	case *ast.DeferStmt:
		return !ofNoConcern(statement.Call)
	case *ast.GoStmt:
		return !ofNoConcern(statement.Call)
	case *ast.BranchStmt:
		return statement.Tok != token.FALLTHROUGH
	case *ast.IncDecStmt, *ast.SendStmt, *ast.ReturnStmt:
		return true
	}
	return false
}

func isCall(statement ast.Stmt) bool {
	expression, ok := statement.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expression.X.(*ast.CallExpr)
	return ok && !ofNoConcern(call)
}

// ofNoConcern tells whether a call logs, counts or locks.
func ofNoConcern(call *ast.CallExpr) bool {
	var node ast.Expr = call
	for {
		switch inner := node.(type) {
		case *ast.CallExpr:
			node = inner.Fun
		case *ast.SelectorExpr:
			if left[inner.Sel.Name] || isUnseen(inner.Sel.Name) {
				return true
			}
			node = inner.X
		case *ast.Ident:
			return left[inner.Name] || isUnseen(inner.Name)
		default:
			return false
		}
	}
}

// isUnseen tells whether calls of this name are seen by no user of a pod; loggers have many names.
func isUnseen(name string) bool {
	return unseen[name] || strings.HasSuffix(strings.ToLower(name), "logger")
}

// uses tells whether a name is used in a node.
func uses(node ast.Node, name string) bool {
	found := false
	ast.Inspect(node, func(inner ast.Node) bool {
		used, ok := inner.(*ast.Ident)
		found = found || ok && used.Name == name
		return !found
	})
	return found
}

// isOrdered tells whether the order of what a loop does can matter: it does more than to fill a map.
func isOrdered(body *ast.BlockStmt) bool {
	for _, statement := range body.List {
		assignment, ok := statement.(*ast.AssignStmt)
		if !ok {
			return true
		}
		_, isEntry := assignment.Lhs[0].(*ast.IndexExpr)
		if assignment.Tok != token.DEFINE && !isEntry {
			return true
		}
	}
	return false
}

func counterOf(init ast.Stmt) (string, ast.Expr, bool) {
	assignment, ok := init.(*ast.AssignStmt)
	if !ok || assignment.Tok != token.DEFINE || len(assignment.Lhs) != 1 {
		return "", nil, false
	}
	return assignment.Lhs[0].(*ast.Ident).Name, assignment.Rhs[0], true
}

func nameOf(node *ast.FuncDecl) string {
	if node.Recv == nil || len(node.Recv.List) == 0 {
		return node.Name.Name
	}
	receiver := node.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	if name, ok := receiver.(*ast.Ident); ok {
		return name.Name + "." + node.Name.Name
	}
	return node.Name.Name
}

func unwrapped(node ast.Expr) ast.Expr {
	for {
		inner, ok := node.(*ast.ParenExpr)
		if !ok {
			return node
		}
		node = inner.X
	}
}

// present returns the nodes that are there. An interface that holds nothing is no node.
func present(nodes ...ast.Node) []ast.Node {
	found := []ast.Node{}
	for _, node := range nodes {
		if node != nil {
			found = append(found, node)
		}
	}
	return found
}
