package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path"
	"path/filepath"
)

// goods are the products by their SKUs.
type goods map[string]product

// product has its fields in the order of the alphabet, which is Flask's.
type product struct {
	Cents int    `json:"cents"`
	Name  string `json:"name"`
	SKU   string `json:"sku"`
}

// readGoods reads the file that shop.py reads too.
func readGoods(dir string) (goods, error) {
	text, err := os.ReadFile(filepath.Join(dir, "goods.json"))
	if err != nil {
		return nil, err
	}
	var list []product
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	found := make(goods)
	for _, product := range list {
		found[product.SKU] = product
	}
	return found, nil
}

// price was the view of that name in shop.py.
func (g goods) price(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Answered-By", "Go")
	product, ok := g[path.Base(r.URL.Path)] // chi.URLParam has %61 for an a where a client wrote it so
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "no such product"})
		return
	}
	_ = json.NewEncoder(w).Encode(product)
}
