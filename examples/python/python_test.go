package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/examples/internal/live"
	"github.com/gowsgi/gowsgi/internal/venvtest"
	"github.com/gowsgi/gowsgi/python"
)

// beMain makes the test binary the example itself.
const beMain = "GOWSGI_PYTHON_BE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestRoutes(t *testing.T) {
	shop := start(t)
	for _, test := range []struct {
		method, path string
		status       int
		by, body     string
	}{
		{"GET", "/new", 200, "", "This is Go.\n"},
		{"GET", "/legacy/price/tea", 200, "Go", `{"cents":480,"name":"Tea, 100 g","sku":"tea"}` + "\n"},
		{"HEAD", "/legacy/price/tea", 200, "Go", ""},
		{"GET", "/legacy", 200, "", "<h1>The old shop</h1>"},
		{"GET", "/legacy/", 200, "", "<h1>The old shop</h1>"},
		{"HEAD", "/legacy/", 200, "", ""},
		{"GET", "/legacy/static/shop.css", 200, "", "body { font: 1rem/1.5 sans-serif;"},
		{"GET", "/legacy/nothing", 404, "", "<title>404 Not Found</title>"},
		{"GET", "/legacy/login", 405, "", "<title>405 Method Not Allowed</title>"},
		{"POST", "/legacy/login", 400, "", "Who are you?\n"},
		{"POST", "/legacy/order/tea", 403, "", "Sign in first.\n"},
		{"POST", "/legacy/price/tea", 405, "", "<title>405 Method Not Allowed</title>"},
		{"POST", "/legacy/photo", 400, "", "This takes a form with a photo.\n"},
		{"GET", "/legacy/broken", 500, "", "<title>500 Internal Server Error</title>"},
		{"GET", "/", 404, "", "404 page not found\n"},
		{"GET", "/legacys", 404, "", "404 page not found\n"},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			r, err := http.NewRequest(test.method, shop.URL+test.path, nil)
			require.NoError(t, err)
			response, body := do(t, http.DefaultClient, r)
			require.Equal(t, test.status, response.StatusCode, body)
			require.Equal(t, test.by, response.Header.Get("X-Answered-By"))
			require.Contains(t, body, test.body)
		})
	}
	shop.AwaitOutput(t, `"GET /legacy/static/shop.css HTTP/1.1" 200 115 `)
	shop.AwaitOutput(t, `"GET /legacy/broken HTTP/1.1" 500 265 `)
	shop.AwaitOutput(t, "LookupError: nobody has mended this page\n")
	require.Contains(t, shop.Output(), "Exception on /broken [GET]\n")
}

// Whoever asks for a price cannot tell that Go answers.
func TestPriceIsWhatItWas(t *testing.T) {
	venv := install(t)
	legacy, err := python.Start(t.Context(), python.Config{
		App: "shop:app", Dir: "legacy", Python: venv.Python, Workers: 1,
		Env: []string{"SHOP_SECRET=" + rand.Text(), "SHOP_DATA=" + t.TempDir()},
	})
	require.NoError(t, err)
	defer legacy.Close()
	before := httptest.NewServer(&adapter.Handler{App: legacy.ServeWSGI})
	defer before.Close()
	goods, err := readGoods("legacy")
	require.NoError(t, err)
	after := httptest.NewServer(routes(legacy.ServeWSGI, goods))
	defer after.Close()

	for _, sku := range []string{"kettle", "tea", "cr%C3%A8me", "no-such-thing", "t%65a"} {
		for _, method := range []string{"GET", "HEAD"} {
			t.Run(method+" "+sku, func(t *testing.T) {
				ask := func(url string) (*http.Response, string) {
					r, err := http.NewRequest(method, url, nil)
					require.NoError(t, err)
					return do(t, http.DefaultClient, r)
				}
				old, oldBody := ask(before.URL + "/price/" + sku)
				now, nowBody := ask(after.URL + "/legacy/price/" + sku)
				require.Empty(t, old.Header.Get("X-Answered-By"))
				require.Equal(t, "Go", now.Header.Get("X-Answered-By"))
				require.Equal(t, old.StatusCode, now.StatusCode)
				require.Equal(t, old.Header.Get("Content-Type"), now.Header.Get("Content-Type"))
				require.Equal(t, oldBody, nowBody)
			})
		}
	}
}

// Each link and form that url_for wrote leads back to a route, Go's among them.
func TestLinksLeadToRoutes(t *testing.T) {
	shop := start(t)
	_, page := get(t, http.DefaultClient, shop.URL+"/legacy/")
	var links, forms []string
	for _, match := range regexp.MustCompile(`(href|action)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if match[1] == "href" {
			links = append(links, html.UnescapeString(match[2]))
		} else {
			forms = append(forms, html.UnescapeString(match[2]))
		}
	}
	require.Equal(t, []string{
		"/legacy/static/shop.css", "/legacy/price/kettle", "/legacy/price/tea", "/legacy/price/cr%C3%A8me",
		"/legacy/orders?count=3", "/legacy/broken",
	}, links)
	require.Equal(t, []string{
		"/legacy/login", "/legacy/order/kettle", "/legacy/order/tea", "/legacy/order/cr%C3%A8me", "/legacy/photo",
	}, forms)
	for _, link := range links[:4] {
		response, _ := get(t, http.DefaultClient, shop.URL+link)
		require.Equal(t, 200, response.StatusCode, link)
		require.Equal(t, strings.Contains(link, "/price/"), response.Header.Get("X-Answered-By") == "Go", link)
	}
}

// The session is a cookie that any of the workers understands.
func TestSession(t *testing.T) {
	shop := start(t)
	client := browser(t)
	response, page := post(t, client, shop.URL+"/legacy/login", url.Values{"name": {"Zoë & <Ann>"}})
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, shop.URL+"/legacy/", response.Request.URL.String(), "the redirection leads to the mount")
	require.Contains(t, page, "Hello, Zoë &amp; &lt;Ann&gt;.")
	for range 10 {
		_, page = get(t, client, shop.URL+"/legacy")
		require.Contains(t, page, "Hello, Zoë &amp; &lt;Ann&gt;.")
	}
	_, page = get(t, http.DefaultClient, shop.URL+"/legacy/")
	require.NotContains(t, page, "Hello", "others are not signed in")

	response, body := post(t, client, shop.URL+"/legacy/order/nothing", nil)
	require.Equal(t, 404, response.StatusCode)
	require.Equal(t, "No such product.\n", body)
	response, _ = post(t, client, shop.URL+"/legacy/order/tea", nil)
	require.Equal(t, 200, response.StatusCode)
	_, body = get(t, http.DefaultClient, shop.URL+"/legacy/orders?count=1")
	require.Equal(t, "data: {\"sku\": \"tea\", \"name\": \"Zo\\u00eb & <Ann>\"}\n\n", body)

	_, page = post(t, client, shop.URL+"/legacy/logout", nil)
	require.NotContains(t, page, "Hello")
	response, _ = post(t, client, shop.URL+"/legacy/order/tea", nil)
	require.Equal(t, 403, response.StatusCode)
}

func TestUpload(t *testing.T) {
	shop := start(t)
	for _, size := range []int{0, 100, 64 << 10, 20 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			photo := make([]byte, size)
			_, _ = rand.Read(photo)
			reader, writer := io.Pipe() // of a length that nobody knows: chunked
			form := multipart.NewWriter(writer)
			go func() {
				file, err := form.CreateFormFile("photo", "küche.jpg")
				if err == nil {
					_, err = file.Write(photo)
				}
				if err == nil {
					err = form.Close()
				}
				writer.CloseWithError(err)
			}()
			response, err := http.Post(shop.URL+"/legacy/photo", form.FormDataContentType(), reader)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("küche.jpg: %d bytes, SHA-256 %x\n", size, sha256.Sum256(photo)), text(t, response))
		})
	}
}

// A client has each part of a stream before the shop makes the next.
func TestOrdersAreSentAsTheyCome(t *testing.T) {
	shop := start(t)
	client := browser(t)
	post(t, client, shop.URL+"/legacy/login", url.Values{"name": {"Ann"}})

	response, err := http.Get(shop.URL + "/legacy/orders?count=2")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "text/event-stream; charset=utf-8", response.Header.Get("Content-Type"))
	stream := bufio.NewReader(response.Body)
	line, err := stream.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, ": waiting\n", line, "there is no order yet")
	for _, sku := range []string{"tea", "kettle"} {
		post(t, client, shop.URL+"/legacy/order/"+sku, nil)
		require.Equal(t, fmt.Sprintf("data: {\"sku\": %q, \"name\": \"Ann\"}\n", sku), nextEvent(t, stream))
	}
	rest, err := io.ReadAll(stream)
	require.NoError(t, err)
	require.Equal(t, "\n", string(rest))
	shop.AwaitOutput(t, "INFO in shop: sent 2 orders of 2\n")
}

// A client that leaves ends its stream: the generator is closed.
func TestClientLeaves(t *testing.T) {
	shop := start(t)
	response, err := http.Get(shop.URL + "/legacy/orders?count=2")
	require.NoError(t, err)
	_, err = bufio.NewReader(response.Body).ReadString('\n')
	require.NoError(t, err)
	require.NotContains(t, shop.Output(), "INFO in shop")
	response.Body.Close()
	shop.AwaitOutput(t, "INFO in shop: sent 0 orders of 2\n")
}

func TestStopWaitsForRequestsInFlight(t *testing.T) {
	data := t.TempDir()
	shop := start(t, "-data", data)
	response, err := http.Get(shop.URL + "/legacy/orders?count=1")
	require.NoError(t, err)
	defer response.Body.Close()
	stream := bufio.NewReader(response.Body)
	_, err = stream.ReadString('\n')
	require.NoError(t, err)

	shop.Cancel()
	for { // the listener closes; the request goes on
		other, err := net.Dial("tcp", shop.Addr())
		if err != nil {
			break
		}
		other.Close()
	}
	orders, err := os.OpenFile(filepath.Join(data, "orders.txt"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = orders.WriteString("the last one\n")
	require.NoError(t, err)
	require.NoError(t, orders.Close())
	require.Equal(t, "data: the last one\n", nextEvent(t, stream))
	_, err = io.ReadAll(stream)
	require.NoError(t, err, "the end is a proper one, not a cut")
	require.NoError(t, shop.Stop())
	require.Contains(t, shop.Output(), "INFO in shop: sent 1 orders of 1\n")
	require.Contains(t, shop.Output(), `"GET /legacy/orders?count=1 HTTP/1.1" 200 `)
	require.True(t, strings.HasSuffix(shop.Output(), "Stopped.\n"), shop.Output())
}

// The program as its user runs it, in a process of its own: no worker is left
// behind that would hold its stdout.
func TestInterrupt(t *testing.T) {
	stdout := live.Interrupt(t, beMain, "-python", install(t).Python, "-data", t.TempDir())
	require.True(t, strings.HasSuffix(stdout, "Stopped.\n"), stdout)
}

func TestStartFails(t *testing.T) {
	venv := install(t)
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{"no such folder", []string{"-dir", "nowhere"}, "nowhere"},
		{"no such interpreter", []string{"-python", "/no/such/python3"}, "/no/such/python3"},
		{"no such folder for the orders", []string{"-python", venv.Python, "-data", "nowhere"}, "FileNotFoundError: [Errno 2] No such file or directory: 'nowhere/orders.txt'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout strings.Builder
			err := run(t.Context(), append([]string{"-addr", "127.0.0.1:0"}, test.args...), &stdout)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, stdout.String(), "Listening")
		})
	}
}

// start starts the program with Flask installed.
func start(t *testing.T, args ...string) *live.Program {
	t.Helper()
	return live.Start(t, run, append([]string{"-python", install(t).Python, "-data", t.TempDir()}, args...)...)
}

func install(t *testing.T) venvtest.Venv {
	t.Helper()
	return venvtest.Newest(t, venvtest.Version{3, 9}).Venv(t, "legacy/requirements.txt")
}

// browser is a client that keeps cookies.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar}
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	require.NoError(t, err)
	return do(t, client, r)
}

func post(t *testing.T, client *http.Client, url string, form url.Values) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("POST", url, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(t, client, r)
}

func do(t *testing.T, client *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := client.Do(r)
	require.NoError(t, err)
	return response, text(t, response)
}

func text(t *testing.T, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

// nextEvent is the next line of a stream that is no comment and not empty.
func nextEvent(t *testing.T, stream *bufio.Reader) string {
	t.Helper()
	for {
		line, err := stream.ReadString('\n')
		require.NoError(t, err)
		if line != "\n" && line != ": waiting\n" {
			return line
		}
	}
}
