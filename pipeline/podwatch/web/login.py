"""The login of `podwatch serve` with a token. Inside Airflow, Airflow's own login stands before the page."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from podwatch.web.access import SESSION_COOKIE, TokenAccess, Visitor, check_origin, open_to_anybody
from podwatch.web.page import FormDep, PageDep, go_to

router = APIRouter(include_in_schema=False)
_DAYS = 30


@router.get("/login", response_class=HTMLResponse)
@open_to_anybody
def show_login(request: Request, page: PageDep) -> Response:
    _token_access(page.access)
    base = request.scope.get("root_path", "")
    back = request.query_params.get("next", "").removeprefix(base)
    return page.render(request, "login.html", back=back, wrong=False)


@router.post("/login", response_class=HTMLResponse)
@open_to_anybody
async def log_in(request: Request, page: PageDep, form: FormDep) -> Response:
    access = _token_access(page.access)
    await check_origin(request, Visitor("", "", may_change=False))
    back = str(form.get("back", ""))
    if not access.is_right(str(form.get("token", "")).strip()):
        return page.render(request, "login.html", 403, back=back, wrong=True)
    response = go_to(request, back)
    base = request.scope.get("root_path", "")
    response.set_cookie(
        SESSION_COOKIE,
        access.session,
        path=f"{base}/",
        max_age=_DAYS * 86400,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


def _token_access(access: object) -> TokenAccess:
    """Raises 404 where the page has no login of its own."""
    if not isinstance(access, TokenAccess):
        raise HTTPException(404, "Not Found")
    return access
