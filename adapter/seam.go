package adapter

import "github.com/gowsgi/gowsgi/internal/seam"

func init() {
	seam.Hijacked = func(env any) bool {
		res, ok := seam.Peer(env).(*response)
		return ok && res.isHijacked()
	}
	seam.IsList = func(body any) bool { _, ok := body.(list); return ok }
	seam.IsFile = func(body any) bool { _, ok := body.(*file); return ok }
}

func (res *response) isHijacked() bool {
	res.mu.Lock()
	defer res.mu.Unlock()
	return res.hijacked
}
